"""Nothing leaves the machine: an HTTPS proxy that answers for AWS's hosts itself and refuses all others.

Some code names its AWS host itself and ignores AWS_ENDPOINT_URL: the SageMaker SDK's calls of STS, its telemetry.
With HTTPS_PROXY pointing here such a connection ends in this process: one to an AWS host is decrypted and forwarded to
localcloud's server, one to any other host is refused. Both are counted.

Not caught: what ignores HTTPS_PROXY, and plain HTTP. A client that does not trust ``ca.pem`` (AWS_CA_BUNDLE) sees a
TLS error, as the telemetry does.
"""

from __future__ import annotations

import logging
import re
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock, Thread
from typing import Any
from urllib.parse import urlsplit

from localcloud.core import disk_space
from localcloud.core.counters import BLOCKED_HOSTS, REDIRECTED_HOSTS, Counters
from localcloud.server.certificates import Authority

log = logging.getLogger(__name__)
HOST = "127.0.0.1"
AWS = re.compile(r"(?:[a-z0-9-]+\.)+(?:amazonaws\.com(?:\.cn)?|api\.aws)")
LARGEST_HEAD = 1 << 16
SECONDS = 10.0


class EgressProxy:
    def __init__(self, server: str, authority: Authority, counters: Counters) -> None:
        """``server`` is the URL that calls of AWS are forwarded to."""
        parts = urlsplit(server)
        self._server = (parts.hostname, parts.port)
        self._authority, self._counters = authority, counters
        self._listener = socket.create_server((HOST, 0), backlog=128)
        self.url = f"http://{HOST}:{self._listener.getsockname()[1]}"
        self._lock, self._closed = Lock(), False
        self._sockets: set[Any] = set()
        self._threads: set[Thread] = set()
        self._acceptor = Thread(target=self._accept, name="localcloud-proxy", daemon=True)

    def start(self) -> EgressProxy:
        self._acceptor.start()
        return self

    def close(self) -> None:
        with self._lock:
            self._closed = True
        with suppress(OSError), socket.create_connection(self._listener.getsockname(), timeout=1):
            pass  # wakes the acceptor
        self._acceptor.join(timeout=5)
        self._listener.close()
        with self._lock:
            sockets, threads = list(self._sockets), list(self._threads)
        for each in sockets:
            _shut(each)
        for thread in threads:
            thread.join(timeout=5)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError as error:  # too many open files: the others keep waiting
                log.warning("a connection was not accepted: %s", error)
                time.sleep(0.1)
                continue
            if self._closed:
                client.close()
                return
            self._thread(self._serve, client)

    def _thread(self, function: Any, *arguments: Any) -> Thread:
        def run() -> None:
            try:
                function(*arguments)
            except OSError as error:  # TLS errors are some too
                log.info("a connection ended: %s", error)
            finally:
                with self._lock:
                    self._threads.discard(thread)

        thread = Thread(target=run, name="localcloud-tunnel", daemon=True)
        with self._lock:  # close() joins the threads it finds: they must have started
            self._threads.add(thread)
            thread.start()
        return thread

    def _serve(self, client: socket.socket) -> None:
        with self._tracked(client):
            client.settimeout(SECONDS)
            method, target = _head(client)
            host = target.rpartition(":")[0].lower() if method == "CONNECT" else urlsplit(target).hostname or target
            if method != "CONNECT" or not AWS.fullmatch(host):
                self._refuse(client, host)
                return
            self._counters.count(f"{REDIRECTED_HOSTS}: {host}")
            try:
                context = self._authority.context(host)
            except OSError:  # its certificate is written to a file
                _send_refusal(client, disk_space.STATUS, disk_space.full_disk(Path(tempfile.gettempdir())))
                return
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            with self._tracked(context.wrap_socket(client, server_side=True)) as plain:
                self._tunnel(plain)

    def _tunnel(self, plain: Any) -> None:
        with self._tracked(socket.create_connection(self._server, timeout=SECONDS)) as server:
            plain.settimeout(None)
            server.settimeout(None)
            back = self._thread(_pump, server, plain)
            _pump(plain, server)
            back.join()

    def _refuse(self, client: socket.socket, host: str) -> None:
        self._counters.count(f"{BLOCKED_HOSTS}: {host}")
        log.info("blocked %s", host)
        sentence = f"localcloud lets nothing leave this machine, and {host} is elsewhere: unset HTTPS_PROXY to reach it"
        _send_refusal(client, 403, sentence)

    @contextmanager
    def _tracked(self, connection: Any) -> Iterator[Any]:
        """A socket that ``close`` can cut; it is closed at the end."""
        try:
            with self._lock:
                if self._closed:
                    raise ConnectionError("the proxy is closed")
                self._sockets.add(connection)
            yield connection
        finally:
            with self._lock:
                self._sockets.discard(connection)
            _shut(connection)
            connection.close()


def _send_refusal(client: socket.socket, status: int, sentence: str) -> None:
    body = f"{sentence}\n".encode()
    head = f"HTTP/1.1 {status} {sentence}\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\n"
    client.sendall(head.encode() + b"Connection: close\r\n\r\n" + body)


def _head(client: socket.socket) -> tuple[str, str]:
    """Method and target of a request; its headers are not needed."""
    head = b""
    while b"\r\n\r\n" not in head:
        part = client.recv(4096)
        head += part
        if not part or len(head) > LARGEST_HEAD:
            raise ConnectionError("no HTTP request came")
    method, _, rest = head.split(b"\r\n")[0].decode("latin-1").partition(" ")
    return method, rest.rpartition(" ")[0]


def _pump(source: Any, target: Any) -> None:
    try:
        while part := source.recv(1 << 16):
            target.sendall(part)
    finally:
        _shut(source)
        _shut(target)


def _shut(connection: Any) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
