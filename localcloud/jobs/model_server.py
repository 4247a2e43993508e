"""A model that answers on this machine: ``python -m localcloud.serving`` over its model.tar.gz."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

from localcloud.jobs.runtimes import KEPT

ROOT = Path(__file__).resolve().parents[2]
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
    except (tarfile.TarError, OSError) as error:
        raise CannotServe(f"the model's archive cannot be unpacked: {error}") from None


@contextmanager
def served(
    model: Path,
    variables: Mapping[str, str],
    line: Callable[[str], None],
    recorded: Callable[[int], AbstractContextManager[None]],
    ended: Callable[[], bool],
    threads: int = 1,
) -> Iterator[str]:
    """Its URL, while it serves; it stops when ``ended``. What it prints goes to ``line``."""
    kept = {name: os.environ[name] for name in (*KEPT, "PATH") if name in os.environ}
    argv = [sys.executable, "-m", "localcloud.serving", "--model-dir", str(model), "--threads", str(threads)]
    said: list[str] = []
    ready = threading.Event()
    with subprocess.Popen(
        argv,
        env={**kept, **variables, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    ) as child:

        def read() -> None:
            for text in child.stdout or ():
                said.append(text.rstrip("\n"))
                line(said[-1])
                if said[-1].startswith(READY):
                    ready.set()
            ready.set()

        def watch() -> None:
            while child.poll() is None and not ended():
                time.sleep(POLL_SECONDS)
            _kill(child)

        threads_of_it = [threading.Thread(target=each, daemon=True) for each in (read, watch)]
        try:
            with recorded(child.pid):
                for thread in threads_of_it:
                    thread.start()
                ready.wait(START_SECONDS)
                url = next((text for text in said if text.startswith(READY)), None)
                if url is None:
                    raise CannotServe("the model did not start: " + (said[-1] if said else "it said nothing"))
                yield url
        finally:
            _kill(child)
            child.wait()
            for thread in threads_of_it:
                thread.join(timeout=5)


def _kill(child: subprocess.Popen[str]) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)


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
