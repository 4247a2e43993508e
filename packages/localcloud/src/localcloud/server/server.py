"""Serves the WSGI application on 127.0.0.1 only: waitress, with one more thread for each call that waits.

waitress serves all connections with a few threads, which is fair and fast; but some calls only wait: a long poll of
SQS for 20 s, an invocation for its model, a call that calls localcloud itself. Each of these is replaced by another
thread while it waits (``environ["localcloud.waiting"]``), so that they never block each other.
"""

from __future__ import annotations

import logging
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock, Thread
from typing import Any

from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.buffers import OverflowableBuffer
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher, WSGITask
from waitress.utilities import BadRequest

from localcloud.core.disk_space import disk_problem, full_disk

HOST = "127.0.0.1"
THREADS = 16
SPARE = 16  # threads beyond those needed
CONNECTIONS = 4096
LARGEST_BODY = 16 << 30  # bodies of requests wait in files, not in memory
PIECE = 1 << 20  # of a response: responses wait in memory, and not more of one than 16 MB
METADATA = b"x-amz-meta-"
TLS_HANDSHAKE = b"\x16\x03"


class Server:
    """Listens once created (OSError if the port is taken); responds after ``start``."""

    def __init__(self, application: Callable[..., Iterable[bytes]], port: int = 0) -> None:
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # calls may queue
        self._application = application
        self._map: dict[int, Any] = {}
        self._threads = ThreadedTaskDispatcher()
        self._waiting, self._threads_count = 0, THREADS
        self._lock, self._closed = Lock(), False
        self._wsgi = self._listen(port)
        self.port = int(self._wsgi.effective_port)
        self.url = f"http://{HOST}:{self.port}"
        self._loop = Thread(target=self._run, name="localcloud-http", daemon=True)

    def start(self) -> Server:
        self._threads.set_thread_count(THREADS)
        self._loop.start()
        return self

    def close(self) -> None:
        """Cuts connections, also those whose response is not complete."""
        with self._lock:
            self._closed = True
        if self._loop.is_alive():
            self._wsgi.pull_trigger()
            self._loop.join(timeout=5)
        wasyncore.close_all(self._map)
        self._threads.shutdown()

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """While the caller waits, another thread takes calls."""
        self._more_threads(1)
        try:
            yield
        finally:
            self._more_threads(-1)

    def _more_threads(self, number: int) -> None:
        """Keeps a few spare threads: ending and starting one for each short wait costs more than the wait."""
        with self._lock:
            self._waiting += number
            needed = THREADS + self._waiting
            if not self._closed and not needed <= self._threads_count <= needed + SPARE:
                self._threads_count = needed
                self._threads.set_thread_count(needed)

    def _listen(self, port: int) -> Any:
        limits = Adjustments(
            listen=f"{HOST}:{port}",
            connection_limit=CONNECTIONS,
            max_request_body_size=LARGEST_BODY,
            recv_bytes=1 << 18,
            outbuf_overflow=LARGEST_BODY,
            channel_timeout=600,
            ident=None,
        )
        try:
            return _Listener(self._respond, self._map, dispatcher=self._threads, adj=limits)
        except OSError:
            wasyncore.close_all(self._map)
            raise

    def _respond(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        environ["localcloud.waiting"] = self.waiting
        return self._application(environ, start)

    def _run(self) -> None:
        while not self._closed:
            wasyncore.loop(timeout=5, use_poll=True, map=self._map, count=1)


class _Body(OverflowableBuffer):  # type: ignore[misc]
    """A request's body, in a file if it is large. When the disk is full it is read to its end and dropped, so that the
    application can refuse the request: a connection that is cut looks like a network failure, and is retried."""

    problem = ""

    def __init__(self, overflow: int, expected: int) -> None:
        super().__init__(overflow)
        self._expected = expected

    def append(self, data: bytes) -> None:
        if self.problem:
            return
        folder = Path(tempfile.gettempdir())
        if not self.overflowed and len(self) + len(data) >= self.overflow:
            self.problem = disk_problem(folder, self._expected)
        try:
            super().append(b"" if self.problem else data)
        except OSError:
            self.problem = full_disk(folder)
        if self.problem:
            self._drop()

    def _drop(self) -> None:
        with suppress(OSError):
            self.close()
        self.buf, self.strbuf = None, b""


class _Parser(HTTPRequestParser):  # type: ignore[misc]
    """Keeps S3's metadata with underscores in their names; like most servers, waitress drops such headers.

    Refuses TLS at once, which a Docker engine tries first: waitress would wait for the end of its head.
    """

    metadata: dict[str, str]
    completed: bool

    def received(self, data: bytes) -> int:
        if data.startswith(TLS_HANDSHAKE) and not (self.header_plus or self.headers_finished or self.completed):
            self.error, self.connection_close, self.completed = BadRequest("This is HTTP, not HTTPS."), True, True
            return len(data)
        return int(super().received(data))

    def parse_header(self, header_plus: bytes) -> None:
        super().parse_header(header_plus)
        if not self.content_length and not self.chunked:
            self.expect_continue = False  # there is no body to wait for
        if self.body_rcv is not None:
            self.body_rcv.buf = _Body(self.adj.inbuf_overflow, self.content_length)
        self.metadata = {}
        if METADATA in header_plus.lower():
            lines = (line.partition(b":") for line in header_plus.split(b"\r\n")[1:])
            fields = [(name, value) for name, _, value in lines if b"_" in name and name.lower().startswith(METADATA)]
            self.metadata = {name.decode("latin-1"): value.strip(b" \t").decode("latin-1") for name, value in fields}


class _Task(WSGITask):  # type: ignore[misc]
    def get_environment(self) -> dict[str, Any]:
        """Adds what moto's own server adds: the raw path, and metadata under their own names."""
        first = self.environ is None
        environ: dict[str, Any] = super().get_environment()
        if first:
            names = {f"HTTP_{name.upper().replace('-', '_')}": name for name in self.request.metadata}
            metadata = {key: self.request.metadata[name] for key, name in names.items()}
            environ |= metadata | {"RAW_URI": self.request.request_uri, "moto.preserved_header_names": names}
            body = self.request.body_rcv
            environ["localcloud.disk_problem"] = "" if body is None else body.buf.problem
        return environ

    def build_response_header(self) -> bytes:
        """waitress capitalises header names; S3's clients take the names of metadata from them."""
        header: bytes = super().build_response_header()
        return re.sub(rb"(?im)^x-amz-meta-[^:\r\n]*", lambda match: match[0].lower(), header)


class _Channel(HTTPChannel):  # type: ignore[misc]
    """One connection. While a thread sends its response, the loop ignores the connection.

    Else the loop finds it writable and locked, again and again, and takes the interpreter from that thread: with 200
    clients 40 calls a second instead of 1,500.
    """

    parser_class = _Parser
    task_class = _Task
    _sending = False

    def writable(self) -> bool:
        return bool((self.total_outbufs_len and not self._sending) or self.will_close or self.close_when_flushed)

    def write_soon(self, data: Any) -> int:
        self._sending = True
        try:
            return sum(int(super(_Channel, self).write_soon(piece)) for piece in _pieces(data))
        finally:
            self._sending = False
            if self.total_outbufs_len:  # the client reads slowly: the loop sends the rest
                self.server.pull_trigger()

    def _flush_outbufs_below_high_watermark(self) -> None:
        """Waits for the loop to send, if the buffer is full."""
        before, self._sending = self._sending, False
        super()._flush_outbufs_below_high_watermark()
        self._sending = before


def _pieces(data: Any) -> Iterator[Any]:
    """A response of one piece would be buffered as a whole."""
    if not isinstance(data, bytes) or len(data) <= PIECE:
        yield data
        return
    view = memoryview(data)
    yield from (view[start : start + PIECE] for start in range(0, len(data), PIECE))


class _Listener(TcpWSGIServer):  # type: ignore[misc]
    channel_class = _Channel

    def pull_trigger(self) -> None:
        with suppress(OSError):  # closed meanwhile: no loop runs
            super().pull_trigger()
