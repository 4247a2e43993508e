"""What an instance does to a connection, played by a server that does as it is told."""

import socket
import threading

import pytest

from localcloud.services.sagemaker.hosting import connections
from localcloud.services.sagemaker.hosting.connections import Connections, NoAnswer, NotSent
from localcloud.services.sagemaker.hosting.invocation import Invocation

OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nContent-Length: 2\r\n\r\n42"
HALF = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n4"  # after which the connection is closed
ROW = Invocation(b"1,2", "text/csv", "text/csv", "trace=7", "row-1")


class Instance:
    """Each connection plays the next script: answers, one a request; None closes it instead of answering."""

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
            for answer in script:
                self.requests.append(_request(client))
                if answer is None:
                    return
                client.sendall(answer)
                if answer is HALF:
                    return
            client.recv(1)  # until the other side has enough

    def close(self):
        self._listener.close()


def _request(client):
    """Whole: headers and body come in two parts."""
    told = b""
    while not told.endswith(b"\r\n\r\n" + ROW.body):
        part = client.recv(65536)
        told += part
        if not part:
            break
    return told


@pytest.fixture
def playing():
    made = []

    def play(*scripts, alive=True, seconds=20.0):
        made.append(Instance(*scripts))
        made.append(Connections(made[0].url, seconds, lambda: alive))
        return made

    yield play
    for each in reversed(made):
        each.close()


def test_a_connection_is_kept_and_headers_are_told(playing):
    instance, there = playing([OK, OK])
    assert [there.ask(ROW).body for _ in range(2)] == [b"42", b"42"]
    assert instance.connections == 1
    told = instance.requests[0].decode().lower()
    assert "post /invocations" in told
    for header in ("custom-attributes: trace=7", "inference-id: row-1", "accept: text/csv", "content-type: text/csv"):
        assert header in told


def test_custom_attributes_of_the_answer_come_back(playing):
    attributed = OK.replace(b"\r\n\r\n", b"\r\nX-Amzn-SageMaker-Custom-Attributes: seen=7\r\n\r\n")
    _, there = playing([attributed])
    assert there.ask(ROW) == (200, "text/csv", "seen=7", b"42")


def test_a_connection_that_is_to_close_is_not_kept(playing):
    closing = OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    instance, there = playing([closing], [OK])
    assert [there.ask(ROW).status for _ in range(2)] == [200, 200]
    assert instance.connections == 2


def test_a_connection_closed_while_idle_loses_nothing(playing):
    instance, there = playing([OK, None], [OK])
    there.ask(ROW)
    kept, _ = there._idle[0]
    kept.sock.shutdown(socket.SHUT_RDWR)  # both ends see the end
    assert there.ask(ROW).status == 200
    assert instance.connections == 2


def test_a_connection_that_was_idle_for_long_is_not_used(playing, monkeypatch):
    instance, there = playing([OK], [OK])
    there.ask(ROW)
    monkeypatch.setattr(connections, "IDLE_SECONDS", 0.0)
    assert there.ask(ROW).status == 200
    assert instance.connections == 2


def test_a_used_connection_closed_by_a_living_server_means_that_nothing_was_seen(playing):
    _, there = playing([OK, None])
    there.ask(ROW)
    with pytest.raises(NotSent):
        there.ask(ROW)


def test_a_used_connection_closed_by_a_dead_server_may_have_been_seen(playing):
    _, there = playing([OK, None], alive=False)
    there.ask(ROW)
    with pytest.raises(NoAnswer, match="ended before it answered"):
        there.ask(ROW)


def test_a_new_connection_closed_without_an_answer_may_have_been_seen(playing):
    _, there = playing([None])
    with pytest.raises(NoAnswer, match="ended before it answered"):
        there.ask(ROW)


def test_half_an_answer_is_no_answer(playing):
    _, there = playing([HALF])
    with pytest.raises(NoAnswer, match="in the middle of its answer"):
        there.ask(ROW)


def test_an_answer_that_never_gets_complete_is_told_as_slow(playing):
    _, there = playing([OK[:-1]], seconds=0.2)
    with pytest.raises(NoAnswer, match=r"longer than 0\.2 s"):
        there.ask(ROW)


def test_nobody_listening_means_not_sent():
    with socket.socket() as kept, pytest.raises(NotSent):
        kept.bind(("127.0.0.1", 0))  # so that nobody else gets the port
        port = kept.getsockname()[1]
        Connections(f"http://127.0.0.1:{port}", 1.0, lambda: False).ask(ROW)


def test_a_slow_answer_is_told_as_slow(playing):
    _, there = playing([b""], seconds=0.2)
    with pytest.raises(NoAnswer, match=r"longer than 0\.2 s"):
        there.ask(ROW)


def test_an_answer_that_is_no_http_is_no_answer(playing):
    _, there = playing([b"hello\r\n\r\n"])
    with pytest.raises(NoAnswer):
        there.ask(ROW)
