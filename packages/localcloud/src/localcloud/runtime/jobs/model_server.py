"""A model that answers on this machine: a server process over its model.tar.gz (images.py: which one)."""

from __future__ import annotations

import os
import signal
import subprocess
import tarfile
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

from localcloud.runtime.jobs.images import Image
from localcloud.runtime.jobs.runtimes import KEPT

ROOT = Path(__file__).resolve().parents[3]
START_SECONDS = 60.0
POLL_SECONDS = 0.05
READY = "http://127.0.0.1:"  # the line that a server prints when it is


class CannotServe(Exception):
    """The model does not start; the message is what it said last."""


def unpack(archive: Path, folder: Path) -> None:
    """Nothing lands outside of the folder, whatever the archive says."""
    try:
        with tarfile.open(archive) as packed:
            packed.extractall(folder, filter="data")
    except (tarfile.TarError, OSError, EOFError, zlib.error) as error:  # the last two: it is cut off, or damaged
        raise CannotServe(f"the model's archive cannot be unpacked: {error}") from None


class ModelServer:
    """One process over an unpacked model, from its making on. What it prints goes to ``line``, on a thread of its own.

    ``variables`` is its environment, beside what every process keeps of ours.
    """

    def __init__(
        self,
        model: Path,
        variables: Mapping[str, str],
        line: Callable[[str], None],
        threads: int = 1,
        image: Image = Image(),  # noqa: B008 - immutable
    ) -> None:
        self.last_words, self.url = "", ""
        self._line, self._settled = line, threading.Event()
        kept = {name: os.environ[name] for name in (*KEPT, "PATH") if name in os.environ}
        self._child = subprocess.Popen(
            image.serve_command(model, threads),
            env={**kept, **variables, **({} if image.python or image.serve else {"PYTHONPATH": str(ROOT)})},
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
        """Its URL, or CannotServe."""
        self._settled.wait(seconds)
        if not self.url:
            raise CannotServe("the model did not start: " + (self.last_words or "it said nothing"))
        return self.url

    def wait_ended(self, seconds: float | None = None) -> None:
        with suppress(subprocess.TimeoutExpired):
            self._child.wait(seconds)

    def kill(self) -> None:
        """On any thread, also again. Once it has ended its number may be another's."""
        if self._child.returncode is None:
            self._kill_all()

    def close(self) -> None:
        """What it started ends with it. Called once."""
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
            self.last_words = text.rstrip("\n")
            self._line(self.last_words)
            if not self.url and self.last_words.startswith(READY):
                self.url = self.last_words
                self._settled.set()
        self._settled.set()


@contextmanager
def served(
    model: Path,
    variables: Mapping[str, str],
    line: Callable[[str], None],
    recorded: Callable[[int], AbstractContextManager[None]],
    ended: Callable[[], bool],
    threads: int = 1,
    image: Image = Image(),  # noqa: B008 - immutable
) -> Iterator[str]:
    """Its URL, while it serves; it stops when ``ended``."""
    server = ModelServer(model, variables, line, threads, image)

    def watch() -> None:
        while server.running and not ended():
            time.sleep(POLL_SECONDS)
        server.kill()

    watcher = threading.Thread(target=watch, daemon=True)
    try:
        with recorded(server.pid):
            watcher.start()
            yield server.wait_ready(START_SECONDS)
    finally:
        server.close()
        if watcher.ident:
            watcher.join(timeout=5)


def invoke(url: str, body: bytes, content_type: str, accept: str, seconds: float) -> tuple[int, bytes]:
    """One request on a connection of its own: the answer's status and body."""
    place = urlsplit(url)
    connection = HTTPConnection(str(place.hostname), place.port or 80, timeout=seconds)
    headers = {"Content-Type": content_type, "Accept": accept}
    try:
        connection.request("POST", "/invocations", body, {name: value for name, value in headers.items() if value})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()
