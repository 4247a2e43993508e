"""What an instance can do to a connection, played by a server that follows a script."""

import socket
import threading

import pytest

from localcloud.services.sagemaker.hosting import connections
from localcloud.services.sagemaker.hosting.connections import Connections, NoResponse, NotSent
from localcloud.services.sagemaker.hosting.invocation import Invocation

OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nContent-Length: 2\r\n\r\n42"
HALF = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n4"  # after which the connection is closed
ROW = Invocation(b"1,2", "text/csv", "text/csv", "trace=7", "row-1")


class Instance:
    """Each connection plays the next script: one response a request; None closes it instead."""

    def __init__(self, *scripts):
        self.requests, self.connections, self._scripts = [], 0, list(scripts)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        for script in self._scripts:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._play, args=(client, script), daemon=True).start()

    def _play(self, client, script):
        with client:
            for response in script:
                self.requests.append(_request(client))
                if response is None:
                    return
                client.sendall(response)
                if response is HALF:
                    return
            client.recv(1)  # until the other side has enough

    def close(self):
        self._listener.close()


def _request(client):
    """Whole: headers and body come in two parts."""
    received = b""
    while not received.endswith(b"\r\n\r\n" + ROW.body):
        part = client.recv(65536)
        received += part
        if not part:
            break
    return received


@pytest.fixture
def playing():
    opened = []

    def play(*scripts, alive=True, seconds=20.0):
        opened.append(Instance(*scripts))
        opened.append(Connections(opened[0].url, seconds, lambda: alive))
        return opened

    yield play
    for each in reversed(opened):
        each.close()


def test_a_connection_is_kept_and_headers_are_sent(playing):
    instance, connection = playing([OK, OK])
    assert [connection.send(ROW).body for _ in range(2)] == [b"42", b"42"]
    assert instance.connections == 1
    request = instance.requests[0].decode().lower()
    assert "post /invocations" in request
    for header in ("custom-attributes: trace=7", "inference-id: row-1", "accept: text/csv", "content-type: text/csv"):
        assert header in request


def test_custom_attributes_of_the_response_come_back(playing):
    attributed = OK.replace(b"\r\n\r\n", b"\r\nX-Amzn-SageMaker-Custom-Attributes: seen=7\r\n\r\n")
    _, connection = playing([attributed])
    assert connection.send(ROW) == (200, "text/csv", "seen=7", b"42")


def test_a_connection_that_is_to_close_is_not_kept(playing):
    closing = OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    instance, connection = playing([closing], [OK])
    assert [connection.send(ROW).status for _ in range(2)] == [200, 200]
    assert instance.connections == 2


def test_a_connection_closed_while_idle_loses_nothing(playing):
    instance, connection = playing([OK, None], [OK])
    connection.send(ROW)
    kept, _ = connection._idle[0]
    kept.sock.shutdown(socket.SHUT_RDWR)  # both ends see the end
    assert connection.send(ROW).status == 200
    assert instance.connections == 2


def test_a_connection_that_was_idle_for_long_is_not_used(playing, monkeypatch):
    instance, connection = playing([OK], [OK])
    connection.send(ROW)
    monkeypatch.setattr(connections, "IDLE_SECONDS", 0.0)
    assert connection.send(ROW).status == 200
    assert instance.connections == 2


def test_a_used_connection_closed_by_a_living_server_means_that_nothing_was_seen(playing):
    _, connection = playing([OK, None])
    connection.send(ROW)
    with pytest.raises(NotSent):
        connection.send(ROW)


def test_a_used_connection_closed_by_a_dead_server_may_have_been_seen(playing):
    _, connection = playing([OK, None], alive=False)
    connection.send(ROW)
    with pytest.raises(NoResponse, match="ended before it responded"):
        connection.send(ROW)


def test_a_new_connection_closed_without_a_response_may_have_been_seen(playing):
    _, connection = playing([None])
    with pytest.raises(NoResponse, match="ended before it responded"):
        connection.send(ROW)


def test_half_a_response_is_no_response(playing):
    _, connection = playing([HALF])
    with pytest.raises(NoResponse, match="in the middle of its response"):
        connection.send(ROW)


def test_a_response_that_never_completes_is_reported_as_slow(playing):
    _, connection = playing([OK[:-1]], seconds=0.2)
    with pytest.raises(NoResponse, match=r"longer than 0\.2 s"):
        connection.send(ROW)


def test_a_refused_connection_means_not_sent():
    with socket.socket() as kept, pytest.raises(NotSent):
        kept.bind(("127.0.0.1", 0))  # so that nobody else gets the port
        port = kept.getsockname()[1]
        Connections(f"http://127.0.0.1:{port}", 1.0, lambda: False).send(ROW)


def test_a_slow_response_is_reported_as_slow(playing):
    _, connection = playing([b""], seconds=0.2)
    with pytest.raises(NoResponse, match=r"longer than 0\.2 s"):
        connection.send(ROW)


def test_a_response_that_is_not_http_is_no_response(playing):
    _, connection = playing([b"hello\r\n\r\n"])
    with pytest.raises(NoResponse):
        connection.send(ROW)
