"""A server process for an unpacked model.tar.gz; ``images`` selects its command."""

from __future__ import annotations

import os
import signal
import subprocess
import tarfile
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlsplit

from localcloud.runtime.jobs.images import Image
from localcloud.runtime.jobs.runtimes import INHERITED

ROOT = Path(__file__).resolve().parents[3]
START_SECONDS = 60.0
POLL_SECONDS, PING_SECONDS = 0.05, 2.0
READY = "http://127.0.0.1:"  # how the line begins that a server prints when it is ready


class ModelServerError(Exception):
    """The model does not start; the message has the reason."""


def unpack(archive: Path, folder: Path) -> None:
    """Nothing is written outside of the folder, whatever the archive contains."""
    try:
        with tarfile.open(archive) as packed:
            packed.extractall(folder, filter="data")
    except (tarfile.TarError, OSError, EOFError, zlib.error) as error:  # the last two: truncated or damaged
        raise ModelServerError(f"the model's archive cannot be unpacked: {error}") from None


class ModelServer:
    """One process for an unpacked model. Its output goes to ``on_line``, on a thread of its own.

    ``variables`` is its environment, in addition to what every process inherits.
    """

    container = ""

    def __init__(
        self,
        model: Path,
        variables: Mapping[str, str],
        on_line: Callable[[str], None],
        workers: int = 1,
        image: Image = Image(),  # noqa: B008 - immutable
    ) -> None:
        inherited = {name: os.environ[name] for name in (*INHERITED, "PATH") if name in os.environ}
        path = {} if image.python or image.serve else {"PYTHONPATH": str(ROOT)}
        self._start(image.serve_command(model, workers), {**inherited, **variables, **path}, on_line)

    def _start(self, argv: Sequence[str], environment: Mapping[str, str], on_line: Callable[[str], None]) -> None:
        self.last_line, self.url = "", ""
        self._on_line, self._ready_or_ended = on_line, threading.Event()
        self._child = subprocess.Popen(
            argv,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        self.pid = self._child.pid
        self._reader = threading.Thread(target=self._read, name="localcloud-model", daemon=True)
        self._reader.start()

    @property
    def running(self) -> bool:
        return self._child.poll() is None

    def wait_ready(self, seconds: float) -> str:
        """Returns its URL, or raises ModelServerError."""
        self._ready_or_ended.wait(seconds)
        if not self.url:
            raise ModelServerError("the model did not start: " + (self.last_line or "it printed nothing"))
        return self.url

    def wait_ended(self, seconds: float | None = None) -> None:
        with suppress(subprocess.TimeoutExpired):
            self._child.wait(seconds)

    def kill(self) -> None:
        """On any thread, repeatedly. After its end the pid may be another process's."""
        if self._child.returncode is None:
            self._kill_all()

    def close(self) -> None:
        """Ends it and the processes that it started. Called once."""
        self._kill_all()
        self._child.wait()
        self._reader.join(timeout=5)
        if self._child.stdout and not self._reader.is_alive():
            self._child.stdout.close()

    def _kill_all(self) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)

    def _read(self) -> None:
        for text in self._child.stdout or ():
            self.last_line = text.rstrip("\n")
            self._on_line(self.last_line)
            if not self.url and self.last_line.startswith(READY):
                self.url = self.last_line
                self._ready_or_ended.set()
        self._ready_or_ended.set()


@contextmanager
def serve(
    start: Callable[[], ModelServer],
    register: Callable[[int, str], AbstractContextManager[None]],
    stop_requested: Callable[[], bool],
) -> Iterator[str]:
    """Yields its URL. The server is killed when ``stop_requested`` returns True."""
    server = start()

    def watch() -> None:
        while server.running and not stop_requested():
            time.sleep(POLL_SECONDS)
        server.kill()

    watcher = threading.Thread(target=watch, daemon=True)
    try:
        with register(server.pid, server.container):
            watcher.start()
            yield server.wait_ready(START_SECONDS)
    finally:
        server.close()
        if watcher.ident:
            watcher.join(timeout=5)


def pings(url: str) -> bool:
    parts = urlsplit(url)
    connection = HTTPConnection(str(parts.hostname), parts.port or 80, timeout=PING_SECONDS)
    try:
        connection.request("GET", "/ping")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def invoke(url: str, body: bytes, content_type: str, accept: str, seconds: float) -> tuple[int, bytes]:
    """One request on a connection of its own; returns the response's status and body."""
    parts = urlsplit(url)
    connection = HTTPConnection(str(parts.hostname), parts.port or 80, timeout=seconds)
    headers = {"Content-Type": content_type, "Accept": accept}
    try:
        connection.request("POST", "/invocations", body, {name: value for name, value in headers.items() if value})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()
