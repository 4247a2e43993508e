"""The state folder of a server: by default `.localcloud` of the Git checkout one stands in, else of the current folder.

Two checkouts have two of them, and so two servers that never meet.

server.json   the server that runs: pid, URLs, since when
port          the port of the last one, for the next
lock          one command at a time
server.log    its log; server.previous.log: that of the server before
state/        of the running server: jobs, process records, certificates; removed with it
"""

from __future__ import annotations

import fcntl
import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TextIO

from localcloud.core.errors import Problem
from localcloud.runtime.process_registry import ProcessRegistry
from localcloud.runtime.processes import start_time

NAME = ".localcloud"
LOCK_SECONDS = 120.0


def default_folder(start: Path | None = None) -> Path:
    """Of the Git checkout that ``start``, or else the current folder, lies in; of the folder itself outside of one."""
    return (checkout(start) or _start(start)) / NAME


def checkout(start: Path | None = None) -> Path | None:
    """The nearest folder, from ``start`` upwards, that has a ``.git``: a folder, or a file in a worktree."""
    here = _start(start)
    return next((folder for folder in (here, *here.parents) if (folder / ".git").exists()), None)


def _start(start: Path | None) -> Path:
    return (start or Path.cwd()).absolute()


@dataclass(frozen=True)
class Running:
    """A server that was started."""

    pid: int
    began: float
    folder: str  # a copied or moved folder has no server, whatever its files say
    since: str
    url: str
    proxy: str
    certificate: str
    speed: float
    region: str
    account: str
    enforced: bool = True  # roles
    key: str = ""  # of its control plane
    docker: str = ""  # the image that jobs and models run in; 1: each in its own; "": as processes

    @property
    def alive(self) -> bool:
        return start_time(self.pid) == self.began


class StateDir:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state = folder / "state"
        self.log = folder / "server.log"
        self._server, self._port = folder / "server.json", folder / "port"

    @contextmanager
    def locked(self) -> Iterator[None]:
        deadline = time.monotonic() + LOCK_SECONDS
        with self._lock_file() as lock:
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        raise Problem(f"another localcloud command holds {self.folder}/lock; end it first") from None
                    time.sleep(0.05)
            yield

    def _lock_file(self) -> TextIO:
        try:
            if not self.folder.exists():
                self.folder.mkdir(parents=True, exist_ok=True)
                (self.folder / ".gitignore").write_text("*\n")
            return (self.folder / "lock").open("w")
        except OSError as error:
            sentence = f"nothing can be written to {self.folder} ({error.strerror}): choose another with --folder"
            raise Problem(sentence) from None

    def last(self) -> Running | None:
        """The server that was started last and not stopped by `down`, alive or not."""
        try:
            return Running(**json.loads(self._server.read_text()))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError):
            return Running(0, 0.0, "", "", "", "", "", 1.0, "", "")  # unreadable: of a server that crashed

    def running(self) -> Running | None:
        last = self.last()
        return last if last and last.alive and last.folder == str(self.folder.resolve()) else None

    def write(self, running: Running) -> None:
        partial = self._server.with_suffix(".partial")
        partial.touch(mode=0o600)  # its key is for this user only
        partial.write_text(json.dumps(asdict(running), indent=2) + "\n")
        partial.replace(self._server)
        self._port.write_text(f"{running.url.rpartition(':')[2]}\n")

    @property
    def port(self) -> int:
        """Of the last server; 0 if there was none."""
        with suppress(OSError, ValueError):
            return int(self._port.read_text())
        return 0

    def clear(self) -> int:
        """Ends the processes of a dead server and removes its state; returns how many processes there were."""
        processes = ProcessRegistry(self.state / "processes").end_all()
        shutil.rmtree(self.state, ignore_errors=True)
        self._server.unlink(missing_ok=True)
        return processes

    def new_log(self) -> None:
        with suppress(FileNotFoundError):
            self.log.replace(self.log.with_name("server.previous.log"))
