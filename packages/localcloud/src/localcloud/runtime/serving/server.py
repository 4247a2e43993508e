"""HTTP around a handler: one thread a connection, keep-alive, JSON errors, an end that lets running requests finish.

Python's own HTTP server, because it was measured: less than half the time per request of an ASGI server that hands
its requests to threads, and next to nothing to import.
"""

from __future__ import annotations

import contextlib
import json
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any

from localcloud.runtime.serving import body
from localcloud.runtime.serving.errors import Refusal
from localcloud.runtime.serving.handler import Handler

IDLE_SECONDS = 75.0
LINGER_SECONDS = 5.0  # how long a refused body is still taken in, so that its sender gets to read why
FINISH_SECONDS = 10.0  # how long running requests may take once the server is told to stop
ROUTES = {"/ping": "GET", "/invocations": "POST"}


class Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # a small answer leaves in one packet
    disable_nagle_algorithm = True
    timeout = IDLE_SECONDS
    server: Server
    unread = False  # a part of the request may still be on its way: the connection cannot be used again

    def __getattr__(self, name: str) -> Callable[[], None]:
        if name.startswith("do_"):  # every method: a wrong one is a 405 of ours
            return self.answer
        raise AttributeError(name)

    def answer(self) -> None:
        try:
            self._send(HTTPStatus.OK, *self._content())
        except Refusal as refusal:
            self._refuse(refusal)

    def _content(self) -> tuple[bytes, str]:
        self.unread = "Content-Length" in self.headers or "Transfer-Encoding" in self.headers
        path = self.path.split("?")[0]
        if path not in ROUTES:
            raise Refusal(HTTPStatus.NOT_FOUND, f"there is no {path}: use GET /ping or POST /invocations")
        if self.command != ROUTES[path]:
            raise Refusal(HTTPStatus.METHOD_NOT_ALLOWED, f"{path} is for {ROUTES[path]}, not for {self.command}")
        content = body.read(self.rfile, self.headers, self.server.max_bytes)
        self.unread = False
        if path == "/ping":
            return b"", "application/json"
        with self.server.calls:
            return self.server.handler.answer(content, self._header("Content-Type"), self._header("Accept"))

    def _header(self, name: str) -> str | None:
        value = self.headers.get(name)
        return None if value is None else " ".join(value.split())  # a folded header must not break a line of ours

    def _refuse(self, refusal: Refusal) -> None:
        self.close_connection |= self.unread
        content = json.dumps({"error": " ".join(str(refusal).split())}).encode()
        self._send(refusal.status, content, "application/json")
        if self.unread:
            self._linger()

    def _send(self, status: int, content: bytes, kind: str) -> None:
        self.close_connection |= self.server.stopping
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        if status == HTTPStatus.METHOD_NOT_ALLOWED:
            self.send_header("Allow", ROUTES[self.path.split("?")[0]])
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)
        self.wfile.flush()

    def _linger(self) -> None:
        end = time.monotonic() + LINGER_SECONDS
        with contextlib.suppress(OSError):  # the client may be gone already
            self.connection.shutdown(socket.SHUT_WR)
            self.connection.settimeout(LINGER_SECONDS)
            while time.monotonic() < end and self.connection.recv(1 << 20):
                pass

    def handle_expect_100(self) -> bool:
        """The sender waits for our word before it sends its body: an over-size one never leaves it."""
        try:
            body.check(self.headers, self.server.max_bytes)
        except Refusal as refusal:
            self.close_connection = True
            self._refuse(refusal)
            return False
        self.send_response_only(HTTPStatus.CONTINUE)
        self.end_headers()
        self.wfile.flush()
        return True

    def send_error(self, code: int, message: str | None = None, _explain: str | None = None) -> None:
        """What the HTTP parser itself refuses."""
        self.unread = True
        self.request_version = self.protocol_version  # unread as well: answered in ours, with headers
        self._refuse(Refusal(code, message or HTTPStatus(code).phrase))

    def version_string(self) -> str:
        return "localcloud"

    def log_message(self, format: str, *args: Any) -> None:
        """No access log."""


class Server(ThreadingHTTPServer):
    """Bound at once, so that a port that is taken is told early; it listens only when the model is loaded."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, threads: int, max_bytes: int) -> None:
        super().__init__(("127.0.0.1", port), Connection, bind_and_activate=False)
        self.handler: Handler
        self.calls = threading.BoundedSemaphore(threads)
        self.max_bytes = max_bytes
        self.stopping = False
        self._open: set[socket.socket] = set()
        self.server_bind()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def server_bind(self) -> None:
        TCPServer.server_bind(self)  # HTTPServer's asks DNS for the machine's name

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, *_: object) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            traceback.print_exc()

    def finish(self) -> None:
        """Idle connections end at once, running requests get their answer."""
        self.stopping = True
        self.server_close()
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RD)
        end = time.monotonic() + FINISH_SECONDS
        while self._open and time.monotonic() < end:
            time.sleep(0.01)
