"""The HTTP of the model server, with a handler of lambdas."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from localcloud.runtime.serving.handler import Handler, compose
from localcloud.runtime.serving.server import Server

LIMIT = 1000
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def log(capfd: Capture) -> Capture:
    return capfd


def echo(**functions: Callable[..., Any]) -> Handler:
    """Responds with the type and the text of its arguments; ``transform_fn`` replaces the other three."""
    usual: dict[str, Any] = {
        "input_fn": lambda body, kind: f"{type(body).__name__} {kind} {len(body)}",
        "predict_fn": lambda data, model: f"{model}: {data}",
        "output_fn": lambda prediction, accept: (f"{prediction} as {accept}", accept),
    }
    whole = functions.pop("transform_fn", None) or compose(**usual | functions)
    return Handler("model", whole, default_accept="application/json")


@contextmanager
def serving(handler: Handler) -> Iterator[Server]:
    server = Server(0, lambda: handler, LIMIT, seconds=60)
    server.server_activate()
    loop = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    loop.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.finish()
        loop.join(5)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving(echo()) as running:
        yield running


@contextmanager
def client(server: Server) -> Iterator[http.client.HTTPConnection]:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=30)
    try:
        yield connection
    finally:
        connection.close()


def send(
    connection: http.client.HTTPConnection, method: str, path: str, body: Any = None, headers: Any = None, **more: Any
) -> tuple[int, bytes]:
    connection.request(method, path, body, headers or {}, **more)
    response = connection.getresponse()
    return response.status, response.read()


def connected(server: Server) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.server_address[1]), timeout=30)


def send_raw(server: Server, *pieces: bytes) -> bytes:
    """Raw bytes to the server; everything that comes back until it closes."""
    with connected(server) as wire:
        for piece in pieces:
            wire.sendall(piece)
        wire.shutdown(socket.SHUT_WR)
        response = b""
        while data := wire.recv(65536):
            response += data
    return response


def test_ping_and_invocations_share_a_connection(server: Server) -> None:
    with client(server) as connection:
        assert send(connection, "GET", "/ping") == (200, b"")
        wire = connection.sock
        headers = {"Content-Type": "text/csv", "Accept": "x/y"}
        assert send(connection, "POST", "/invocations", b"a,b", headers) == (200, b"model: str text/csv 3 as x/y")
        assert send(connection, "GET", "/ping?x=1") == (200, b"")
        assert connection.sock is wire


def test_only_this_machine_is_served(server: Server) -> None:
    assert server.server_address[0] == "127.0.0.1"
    assert server.url == f"http://127.0.0.1:{server.server_address[1]}"


@pytest.mark.parametrize(
    ("method", "path", "status", "body", "allow"),
    [
        ("GET", "/", 404, b"{}", None),  # nginx's
        ("POST", "/models", 404, b"{}", None),
        ("POST", "/invocations/", 404, b"<h1>Not Found</h1>", None),
        ("GET", "/execution-parameters", 404, b"<h1>Not Found</h1>", None),
        ("GET", "/invocations", 405, b"<h1>Method Not Allowed</h1>", {"POST", "OPTIONS"}),
        ("DELETE", "/ping", 405, b"<h1>Method Not Allowed</h1>", {"GET", "HEAD", "OPTIONS"}),
        ("BREW", "/ping", 405, b"<h1>Method Not Allowed</h1>", {"GET", "HEAD", "OPTIONS"}),
        ("HEAD", "/ping", 200, b"", None),
        ("OPTIONS", "/invocations", 200, b"", {"POST", "OPTIONS"}),
    ],
)
def test_other_paths_and_methods(
    server: Server, method: str, path: str, status: int, body: bytes, allow: set[str] | None
) -> None:
    with client(server) as connection:
        connection.request(method, path)
        response = connection.getresponse()
        content = response.read()
        assert response.status == status and body in content and bool(body) == bool(content)
        allowed = response.headers["Allow"]
        assert (set(allowed.split(", ")) if allowed else None) == allow
        wire = connection.sock
        assert send(connection, "GET", "/ping") == (200, b"")
        assert connection.sock is wire


@pytest.mark.parametrize(
    ("content_type", "passed"),
    [
        ("text/csv", "str"),
        ("application/json", "str"),
        ("text/csv; charset=utf-8", "bytes"),
        ("application/jsonlines", "bytes"),
        ("Text/CSV", "bytes"),
    ],
)
def test_text_is_passed_as_by_the_toolkit(server: Server, content_type: str, passed: str) -> None:
    with client(server) as connection:
        response = send(connection, "POST", "/invocations", b"abc", {"Content-Type": content_type})
        assert response == (200, f"model: {passed} {content_type} 3 as application/json".encode())


def test_text_that_is_not_utf8_is_decoded_with_replacements() -> None:
    with serving(echo(input_fn=lambda body, _: body)) as server, client(server) as connection:
        response = send(connection, "POST", "/invocations", b"caf\xe9", {"Content-Type": "text/csv"})
        assert response == (200, "model: caf\ufffd as application/json".encode())


@pytest.mark.parametrize(
    "headers", [{}, {"Content-Type": ""}, {"ContentType": "application/json", "Content-Type": "x"}]
)
def test_without_a_content_type_it_is_json(server: Server, headers: dict[str, str]) -> None:
    with client(server) as connection:
        response = send(connection, "POST", "/invocations", b"{}", headers)
        assert response == (200, b"model: str application/json 2 as application/json")


@pytest.mark.parametrize("accept", [{}, {"Accept": "*/*"}, {"Accept": ""}])
def test_without_an_accept_header_the_toolkits_default_is_used(server: Server, accept: dict[str, str]) -> None:
    with client(server) as connection:
        assert send(connection, "POST", "/invocations", b"", accept)[1].endswith(b"as application/json")


Results = list[tuple[Any, bytes, str]]
RESULTS: Results = [
    ((b"1", "b/b"), b"1", "b/b"),
    ((bytearray(b"1"), "text/csv"), b"1", "text/csv; charset=utf-8"),
    (("\u00e9", "text/csv;header=present"), "\u00e9".encode(), "text/csv;header=present; charset=utf-8"),
    (([b"1", "2"], "application/atom+xml"), b"12", "application/atom+xml; charset=utf-8"),
    ((None, None), b"", "application/json"),
    ((b"1", "a/a", "more"), b"1", "a/a"),
    ("1", b"1", "text/html; charset=utf-8"),
    (b"1", b"1", "text/html; charset=utf-8"),
    (iter(["1", b"2"]), b"12", "text/html; charset=utf-8"),
    ({"b": 1, "a": [2, "\u00e9"]}, b'{"a":[2,"\\u00e9"],"b":1}\n', "application/json"),
    ([1], b"[1]\n", "application/json"),
]


@pytest.mark.parametrize(("result", "content", "content_type"), RESULTS)
def test_results_become_responses_as_in_flask(result: Any, content: bytes, content_type: str) -> None:
    with serving(echo(transform_fn=lambda *_: result)) as server, client(server) as connection:
        connection.request("POST", "/invocations", b"x")
        response = connection.getresponse()
        assert (response.status, response.read(), response.headers["Content-Type"]) == (200, content, content_type)


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    start_response("418 I'm a teapot", [("content-type", "a/b")])
    return [environ["REQUEST_METHOD"].encode(), b"!"]


def test_a_wsgi_application_is_a_response_of_its_own() -> None:
    with serving(echo(transform_fn=lambda *_: application)) as server, client(server) as connection:
        connection.request("POST", "/invocations", b"x")
        response = connection.getresponse()
        assert (response.status, response.read(), response.headers["Content-Type"]) == (418, b"POST!", "a/b")


def test_an_application_sees_the_headers_of_the_request_and_adds_its_own() -> None:
    def echoing(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        names = ("HTTP_X_AMZN_SAGEMAKER_CUSTOM_ATTRIBUTES", "HTTP_X_TWICE", "CONTENT_TYPE")
        headers = [("Content-Type", "a/b"), ("X-Amzn-SageMaker-Custom-Attributes", "seen=7"), ("Content-Length", "9")]
        start_response("200 OK", headers)
        return ["|".join(environ[name] for name in names).encode()]

    with serving(echo(transform_fn=lambda *_: echoing)) as server:
        response = send_raw(server, post("x-amzn-sagemaker-custom-attributes: trace", "X-Twice: 1", "X-Twice: 2", LAST))
    assert b"\r\nX-Amzn-SageMaker-Custom-Attributes: seen=7\r\n" in response
    assert response.endswith(b"\r\n\r\ntrace|1,2|a/b") and response.count(b"Content-Length") == 1


def test_a_header_with_a_line_break_is_a_500() -> None:
    def split(_: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "a/b"), ("X-Own", "1\r\nX-Other: 2")])
        return [b""]

    with serving(echo(transform_fn=lambda *_: split)) as server, client(server) as connection:
        assert is_the_500_of_flask(*send(connection, "POST", "/invocations", b"x"))


def test_a_response_of_flask_is_one() -> None:
    flask = pytest.importorskip("flask")
    refusal = flask.Response('{"error": "no"}', status=400, mimetype="application/json")
    with serving(echo(transform_fn=lambda *_: refusal)) as server, client(server) as connection:
        assert send(connection, "POST", "/invocations", b"x") == (400, b'{"error": "no"}')


class Teapot(Exception):
    status_code = 418
    message = "short\nand stout"


def is_the_500_of_flask(status: int, content: bytes) -> bool:
    return status == 500 and b"<title>500 Internal Server Error</title>" in content


@pytest.mark.parametrize("error", [Teapot(), ValueError("a\nb")])
@pytest.mark.parametrize("function", ["input_fn", "predict_fn", "output_fn", "transform_fn"])
def test_whatever_a_handler_raises_is_a_500(log: Capture, function: str, error: Exception) -> None:
    def fail(*_: Any) -> None:
        raise error

    with serving(echo(**{function: fail})) as server, client(server) as connection:
        assert is_the_500_of_flask(*send(connection, "POST", "/invocations", b"x"))
        wire = connection.sock
        assert send(connection, "GET", "/ping") == (200, b"")
        assert connection.sock is wire and wire  # the body was read to its end: the connection goes on
    assert "Traceback" in log.readouterr().err  # the traceback is only logged


@pytest.mark.parametrize("result", [None, 5, (3, "x/y"), (b"x",), ([3], "x/y"), (b"x", "a/b\nc: d"), {"a": object()}])
def test_a_result_that_is_no_response_is_a_500(log: Capture, result: Any) -> None:
    with serving(echo(output_fn=lambda *_: result)) as server, client(server) as connection:
        assert is_the_500_of_flask(*send(connection, "POST", "/invocations", b"x"))


def test_a_folded_header_cannot_add_headers_to_the_response() -> None:
    with serving(echo(output_fn=lambda _, accept: (b"", accept))) as server:
        head = (
            b"POST /invocations HTTP/1.1\r\nAccept: a/b\r\n Evil: 1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
        )
        response = send_raw(server, head)
        assert b"Content-Type: a/b Evil: 1\r\n" in response and b"\nEvil" not in response.replace(b"\n Evil", b"")


def post(*headers: str) -> bytes:
    return "\r\n".join(["POST /invocations HTTP/1.1", "Host: x", "Content-Type: a/b", *headers, "", ""]).encode()


LAST = "Content-Length: 0\r\nConnection: close"
CHUNKED = post("Transfer-Encoding: chunked", "Connection: close")


def test_a_body_over_the_limit_is_refused_before_it_is_sent(server: Server) -> None:
    with connected(server) as wire:
        wire.sendall(post(f"Content-Length: {LIMIT + 1}"))
        assert wire.recv(65536).startswith(b"HTTP/1.1 413 ")


def test_expect_100_continue_is_accepted_or_refused(server: Server) -> None:
    with connected(server) as wire:
        wire.sendall(post("Content-Length: 3", "Expect: 100-continue"))
        assert wire.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        wire.sendall(b"abc")
        assert b"bytes a/b 3" in wire.recv(65536)
    refused = send_raw(server, post(f"Content-Length: {LIMIT + 1}", "Expect: 100-continue"))
    assert refused.startswith(b"HTTP/1.1 413 ") and b"100 Continue" not in refused


def test_the_limit_itself_is_allowed(server: Server) -> None:
    with client(server) as connection:
        headers = {"Content-Type": "a/b"}
        assert send(connection, "POST", "/invocations", b"x" * LIMIT, headers)[0] == 200
        pieces = iter([b"x" * (LIMIT - 1), b"x"])
        assert b" 1000 " in send(connection, "POST", "/invocations", pieces, headers, encode_chunked=True)[1]
        pieces = iter([b"x" * (LIMIT - 1), b"xx"])
        assert send(connection, "POST", "/invocations", pieces, headers, encode_chunked=True)[0] == 413


@pytest.mark.parametrize("chunked", [False, True])
def test_the_sender_of_a_body_that_is_far_too_large_reads_the_error(server: Server, chunked: bool) -> None:
    """It sends the whole body before it reads the response: closing at once would be a broken pipe."""
    far_too_much = b"x" * 20_000_000
    with client(server) as connection:
        body: Any = iter([far_too_much]) if chunked else far_too_much
        status, content = send(connection, "POST", "/invocations", body, encode_chunked=chunked)
        sentence = f"the request has {len(far_too_much)} bytes or more: send at most {LIMIT}"
        assert (status, json.loads(content)) == (413, {"error": sentence})
        assert send(connection, "GET", "/ping")[0] == 200  # on a new connection


def test_chunks_with_extensions_and_trailers(server: Server) -> None:
    response = send_raw(server, CHUNKED, b"3;x=y\r\nabc\r\n", b"00A\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n")
    assert response.startswith(b"HTTP/1.1 200 ") and b"bytes a/b 13" in response


@pytest.mark.parametrize(
    "pieces",
    [
        [CHUNKED, b"-3\r\nabc\r\n0\r\n\r\n"],
        [CHUNKED, b"0x3\r\nabc\r\n0\r\n\r\n"],
        [CHUNKED, b"1_0\r\n" + b"a" * 10 + b"\r\n0\r\n\r\n"],
        [CHUNKED, b"\r\nabc\r\n0\r\n\r\n"],
        [CHUNKED, b"3\r\nabcd\r\n0\r\n\r\n"],
        [CHUNKED, b"9\r\nabc"],
        [CHUNKED, b"3\r\nabc\r\n"],
        [CHUNKED, b"3" * 5000],
        [CHUNKED, b"0\r\n" + b"a: b\r\n" * 200],
        [post("Content-Length: 5"), b"abc"],
        [post("Content-Length: -1")],
        [post("Content-Length: 1_0"), b"a" * 10],
        [post("Content-Length: 3", "Content-Length: 4"), b"abcd"],
        [post("Content-Length: 3", "Transfer-Encoding: chunked"), b"3\r\nabc\r\n0\r\n\r\n"],
        [post("Transfer-Encoding: gzip, chunked"), b"3\r\nabc\r\n0\r\n\r\n"],
        [post("Transfer-Encoding: identity"), b"abc"],
        [b"POST /invocations HTTP/9.9.9\r\n\r\n"],
        [b"\x16\x03\x01 not for here\r\n\r\n"],
        [b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 200 + b"\r\n"],
        [b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n"],
    ],
)
def test_invalid_http_is_refused_and_the_connection_closed(server: Server, log: Capture, pieces: list[bytes]) -> None:
    response = send_raw(server, *pieces)
    head, _, content = response.partition(b"\r\n\r\n")
    assert head.split()[1][:1] in (b"4", b"5") and b"Connection: close" in head
    assert json.loads(content)["error"]
    assert "Traceback" not in log.readouterr().err


def test_clients_that_disconnect_cause_no_errors(server: Server, log: Capture) -> None:
    for piece in (b"", b"GET", post("Content-Length: 9"), post("Content-Length: 9") + b"abc", CHUNKED + b"5\r\na"):
        with connected(server) as wire:
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # closing resets
            wire.sendall(piece)
    with client(server) as connection:
        assert send(connection, "GET", "/ping")[0] == 200
    assert log.readouterr().err == ""


def test_a_worker_takes_one_call_at_a_time() -> None:
    lock, running, most = threading.Lock(), [0], [0]

    def predict(data: Any, model: Any) -> str:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        time.sleep(0.02)
        with lock:
            running[0] -= 1
        return "x"

    with serving(echo(predict_fn=predict)) as server:
        clients = [threading.Thread(target=post_once, args=(server,)) for _ in range(6)]
        for thread in clients:
            thread.start()
        for thread in clients:
            thread.join(60)
    assert most == [1] and not any(thread.is_alive() for thread in clients)


def post_once(server: Server) -> None:
    with client(server) as connection:
        assert send(connection, "POST", "/invocations", b"x")[0] == 200


def test_ping_responds_while_the_handler_is_busy() -> None:
    release = threading.Event()
    with serving(echo(predict_fn=lambda *_: str(release.wait(30)))) as server:
        busy = threading.Thread(target=post_once, args=(server,))
        busy.start()
        with client(server) as connection:
            assert send(connection, "GET", "/ping") == (200, b"")
        release.set()
        busy.join(10)
