"""HTTP itself: persistent connections, bodies of any size, raw paths, and a complete close."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from waitress import wasyncore
from waitress.channel import HTTPChannel

from localcloud.server.server import SPARE, THREADS, Server

Start = Callable[..., Any]


def application(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
    """Responds with what it received."""
    body = environ["wsgi.input"].read()
    text = f"{environ['REQUEST_METHOD']} {environ['RAW_URI']} {len(body)}".encode()
    start("200 OK", [("Content-Length", str(len(text)))])
    return [text]


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server(application).start()
    yield server
    server.close()


def connect(server: Server) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)


def request(connection: http.client.HTTPConnection, method: str, path: str, **options: Any) -> str:
    connection.request(method, path, **options)
    return connection.getresponse().read().decode()


def test_a_connection_serves_many_calls(server: Server) -> None:
    connection = connect(server)
    assert request(connection, "GET", "/1") == "GET /1 0"
    before = connection.sock
    assert request(connection, "POST", "/2", body=b"abc") == "POST /2 3"
    assert connection.sock is before


def test_an_unread_body_does_not_become_the_next_call() -> None:
    def ignore_body(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        start("200 OK", [("Content-Length", "2")])
        return [b"ok"]

    server = Server(ignore_body).start()
    connection = connect(server)
    assert request(connection, "PUT", "/", body=b"GET / HTTP/1.1\r\n\r\n" * 10_000) == "ok"
    assert request(connection, "GET", "/") == "ok"
    server.close()


def test_the_path_arrives_raw(server: Server) -> None:
    assert request(connect(server), "GET", "/b/a%2Fb//c+d%20e?x=%2F&y") == "GET /b/a%2Fb//c+d%20e?x=%2F&y 0"


def test_bodies_may_be_large_and_come_in_chunks(server: Server) -> None:
    connection, size = connect(server), 24 << 20
    assert request(connection, "PUT", "/large", body=bytes(size)) == f"PUT /large {size}"
    chunks = iter([b"x" * 1000] * 50)
    assert request(connection, "PUT", "/chunks", body=chunks, encode_chunked=True) == "PUT /chunks 50000"


def test_a_client_that_expects_100_continue_gets_it(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
        client.sendall(b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
        assert client.recv(1000).startswith(b"HTTP/1.1 100 Continue")
        client.sendall(b"abc")
        response = b""
        while b"PUT / 3" not in response:
            response += client.recv(1000)


def test_a_client_that_begins_with_tls_learns_at_once_that_this_is_http(server: Server) -> None:
    """A Docker engine tries TLS first, and would wait for ten seconds."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as client:
        client.sendall(b"\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03" + bytes(100))
        assert client.recv(1000).startswith(b"HTTP/1.0 400 Bad Request")


def test_a_body_may_look_like_tls(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as client:
        client.sendall(b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n")
        time.sleep(0.1)
        client.sendall(b"\x16\x03\x01")
        response = b""
        while b"PUT / 3" not in response:
            response += client.recv(1000) or pytest.fail(str(response))


def test_responses_without_a_length_arrive_complete() -> None:
    def streaming(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        start("200 OK", [])
        return (b"x" * 100_000 for _ in range(20))

    server = Server(streaming).start()
    assert len(request(connect(server), "GET", "/")) == 2_000_000
    server.close()


@pytest.mark.parametrize("pieces", [1, 40])
def test_a_client_that_reads_late_gets_the_complete_response(pieces: int) -> None:
    """More than the server buffers: the responding thread waits for the loop to send."""
    size, pieces_sent = 40 << 20, []

    def large(environ: dict[str, Any], start: Start) -> Iterator[bytes]:
        start("200 OK", [("Content-Length", str(size))])
        for _ in range(pieces):
            pieces_sent.append(1)
            yield bytes(size // pieces)

    server = Server(large).start()
    connection = connect(server)
    connection.request("GET", "/")
    seen = -1
    while seen < len(pieces_sent):  # until nothing goes on without the client
        seen = len(pieces_sent)
        time.sleep(0.3)
    assert len(connection.getresponse().read()) == size
    assert len(request(connection, "GET", "/")) == size
    server.close()


def test_the_loop_ignores_a_connection_while_its_response_is_sent(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the loop would spin, and the sending thread would wait for the interpreter."""
    sending, go_on, turns = threading.Event(), threading.Event(), []
    send, loop = HTTPChannel.send, wasyncore.loop

    def slow(channel: HTTPChannel, data: bytes, **options: Any) -> Any:
        if b"GET /slow" in data:
            sending.set()
            assert go_on.wait(60)
        return send(channel, data, **options)

    def count_turn(**options: Any) -> None:
        turns.append(1)
        loop(**options)

    monkeypatch.setattr(HTTPChannel, "send", slow)
    monkeypatch.setattr(wasyncore, "loop", count_turn)
    with ThreadPoolExecutor(1) as other:
        response = other.submit(request, connect(server), "GET", "/slow")
        assert sending.wait(60)
        assert request(connect(server), "GET", "/quick") == "GET /quick 0"
        time.sleep(0.2)
        count = len(turns)
        go_on.set()
        assert response.result(60) == "GET /slow 0"
    assert 0 < count < 50  # thousands, if it does not wait


def test_a_port_in_use_is_an_error(server: Server) -> None:
    with pytest.raises(OSError, match="in use"):
        Server(application, server.port)


def test_the_server_listens_on_this_machine_only(server: Server) -> None:
    listeners = [channel.socket.getsockname()[0] for channel in server._map.values() if channel.accepting]
    assert listeners == ["127.0.0.1"]


def test_many_clients_at_once(server: Server) -> None:
    wrong: list[str] = []

    def client(number: int) -> None:
        connection = connect(server)
        responses = [request(connection, "POST", f"/{number}", body=b"x" * number) for _ in range(5)]
        wrong.extend(response for response in responses if response != f"POST /{number} {number}")

    threads = [threading.Thread(target=client, args=(number,)) for number in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    assert not wrong


def test_calls_that_wait_block_no_others() -> None:
    """More of them than threads: another thread takes calls while each waits."""
    go_on, waiting = threading.Event(), threading.Semaphore(0)

    def sometimes(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/wait":
            with environ["localcloud.waiting"]():
                waiting.release()
                go_on.wait(30)
        return application(environ, start)

    before = set(threading.enumerate())
    server = Server(sometimes).start()
    many = 2 * THREADS
    threads = [threading.Thread(target=lambda: request(connect(server), "GET", "/wait")) for _ in range(many)]
    for thread in threads:
        thread.start()
    assert all(waiting.acquire(timeout=30) for _ in range(many))
    assert request(connect(server), "GET", "/quick") == "GET /quick 0"
    go_on.set()
    for thread in threads:
        thread.join(30)
    deadline = time.monotonic() + 30
    most = THREADS + SPARE + 1  # and the one that has the connections
    while len(set(threading.enumerate()) - before) > most and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(set(threading.enumerate()) - before) <= most
    server.close()
    assert not set(threading.enumerate()) - before


def test_closing_leaves_no_thread_and_no_port() -> None:
    before = set(threading.enumerate())
    server = Server(application).start()
    connection = connect(server)
    request(connection, "GET", "/")
    server.close()
    server.close()
    assert not set(threading.enumerate()) - before
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port), timeout=1)


def test_a_server_that_never_started_can_be_closed() -> None:
    Server(application).close()
