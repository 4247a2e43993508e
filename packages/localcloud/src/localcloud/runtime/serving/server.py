"""An HTTP server for a handler: a thread per connection, keep-alive, a shutdown that completes requests.

Its routes and their errors are those of nginx and Flask in the container: nginx passes on what begins like one of
``PASSED_ON``, and Flask adds HEAD to GET, and OPTIONS. What is not HTTP is refused with a JSON error.

It uses Python's own HTTP server: measured, it needs less than half the time per request of an ASGI server that passes
its requests to threads, and almost no time to import.
"""

from __future__ import annotations

import contextlib
import json
import os
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
from localcloud.runtime.serving.deadlines import Deadlines
from localcloud.runtime.serving.errors import HttpError, StartError
from localcloud.runtime.serving.handler import Handler
from localcloud.runtime.serving.responses import HTML, JSON, Response, page

IDLE_SECONDS = 75.0
LINGER_SECONDS = 5.0  # how long the body of a refused request is still received, so that its sender reads the error
FINISH_SECONDS = 10.0  # how long running requests may take after the signal to stop
PASSED_ON = ("/ping", "/invocations", "/execution-parameters")
ROUTES = {"/ping": ("GET", "HEAD", "OPTIONS"), "/invocations": ("OPTIONS", "POST")}
NGINX_ERRORS = {HTTPStatus.BAD_GATEWAY: "Bad Gateway", HTTPStatus.GATEWAY_TIMEOUT: "Gateway Time-out"}
NOT_PASSED_ON = Response(b"{}", "application/octet-stream", HTTPStatus.NOT_FOUND)


class Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # a small response is sent in one packet
    disable_nagle_algorithm = True
    timeout = IDLE_SECONDS
    server: Server
    unread = False  # a part of the request was not received: the connection cannot be used again

    def __getattr__(self, name: str) -> Callable[[], None]:
        if name.startswith("do_"):  # every method, so that a wrong one is a 405
            return self.respond
        raise AttributeError(name)

    def respond(self) -> None:
        try:
            self._send(self._response())
        except HttpError as error:
            self._send_error(error)

    def _response(self) -> Response:
        self.unread = "Content-Length" in self.headers or "Transfer-Encoding" in self.headers
        content = body.read(self.rfile, self.headers, self.server.max_bytes)
        self.unread = False
        if not self._route.startswith(PASSED_ON):
            return NOT_PASSED_ON
        try:
            return self._respond(self.server.handler, content)
        except StartError as problem:  # gunicorn's worker, too, tries again at the next request
            print(f"error: {problem}", file=sys.stderr, flush=True)
            return page(HTTPStatus.INTERNAL_SERVER_ERROR)

    def _respond(self, handler: Handler, content: bytes) -> Response:
        if self._route not in ROUTES:
            return page(HTTPStatus.NOT_FOUND)
        if self.command not in ROUTES[self._route]:
            return page(HTTPStatus.METHOD_NOT_ALLOWED)
        if self.command == "OPTIONS":
            return Response(b"", f"{HTML}; charset=utf-8")
        if self._route == "/ping":
            return Response(b"", JSON)
        content_type = self._header("ContentType") or self._header("Content-Type")
        with self.server.deadlines.limit(self._send_nginx_error), self.server.one_call:
            return handler.invoke(content, content_type, self._header("Accept"), self.headers.items())

    def _send_nginx_error(self, status: HTTPStatus) -> None:
        self.close_connection = True
        self._send(Response(f"<h1>{status} {NGINX_ERRORS[status]}</h1>".encode(), HTML, status))

    @property
    def _route(self) -> str:
        return self.path.split("?")[0]

    def _header(self, name: str) -> str | None:
        value = self.headers.get(name)
        return None if value is None else " ".join(value.split())  # a folded header must not break the response

    def _send_error(self, error: HttpError) -> None:
        self.close_connection |= self.unread
        content = json.dumps({"error": " ".join(str(error).split())}).encode()
        self._send(Response(content, JSON, error.status))
        if self.unread:
            self._linger()

    def _send(self, response: Response) -> None:
        self.close_connection |= self.server.stopping
        self.send_response(response.status)
        self.send_header("Content-Type", response.content_type)
        self.send_header("Content-Length", str(len(response.content)))
        for name, value in response.headers:
            self.send_header(name, value)
        if self.command == "OPTIONS" or response.status == HTTPStatus.METHOD_NOT_ALLOWED:
            self.send_header("Allow", ", ".join(ROUTES.get(self._route, ())))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.content)
        self.wfile.flush()

    def _linger(self) -> None:
        end = time.monotonic() + LINGER_SECONDS
        with contextlib.suppress(OSError):  # the client may be gone already
            self.connection.shutdown(socket.SHUT_WR)
            self.connection.settimeout(LINGER_SECONDS)
            while time.monotonic() < end and self.connection.recv(1 << 20):
                pass

    def handle_expect_100(self) -> bool:
        """The client waits for this before it sends its body: one that is too large is never sent."""
        try:
            body.check(self.headers, self.server.max_bytes)
        except HttpError as error:
            self.close_connection = True
            self._send_error(error)
            return False
        self.send_response_only(HTTPStatus.CONTINUE)
        self.end_headers()
        self.wfile.flush()
        return True

    def send_error(self, code: int, message: str | None = None, _explain: str | None = None) -> None:
        """Called by the HTTP parser for what it refuses."""
        self.unread = True
        self.request_version = self.protocol_version  # not parsed yet: the response has headers in any case
        self._send_error(HttpError(code, message or HTTPStatus(code).phrase))

    def version_string(self) -> str:
        return "localcloud"

    def log_message(self, format: str, *args: Any) -> None:
        """No access log."""


class Server(ThreadingHTTPServer):
    """Bound at once, so that a port in use is reported early; it listens when the model is loaded."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, load: Callable[[], Handler], max_bytes: int, seconds: float) -> None:
        super().__init__(("127.0.0.1", port), Connection, bind_and_activate=False)
        self._load, self._loading = load, threading.Lock()
        self._loaded: Handler | None = None
        self.one_call, self._accepting = threading.Lock(), threading.Lock()
        self.deadlines = Deadlines(seconds, end_accepting=self._accepting.acquire)
        self.max_bytes, self.stopping = max_bytes, False
        self._parent = os.getpid()
        self._open: set[socket.socket] = set()
        self.server_bind()

    @property
    def handler(self) -> Handler:
        """Loaded once, at the first request or before."""
        with self._loading:
            self._loaded = self._loaded or self._load()
            return self._loaded

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def server_bind(self) -> None:
        TCPServer.server_bind(self)  # HTTPServer's own looks up the machine's name in DNS

    def server_activate(self) -> None:
        super().server_activate()
        self.socket.setblocking(False)  # of several workers one gets a connection, the others must not wait for it
        self.deadlines.start()

    def service_actions(self) -> None:
        if self._parent not in (os.getpid(), os.getppid()):  # a worker without the process that started it
            os._exit(0)

    def get_request(self) -> Any:
        with self._accepting:
            return super().get_request()

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
        """Idle connections end at once, running requests are completed."""
        self.stopping = True
        self.server_close()
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RD)
        end = time.monotonic() + FINISH_SECONDS
        while self._open and time.monotonic() < end:
            time.sleep(0.01)
