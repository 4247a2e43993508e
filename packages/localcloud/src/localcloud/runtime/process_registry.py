"""The processes that a server started, on file: whoever finds the files after a crash can end every one of them.

A record is a file named by the pid, with the time that process began: another process that got the same pid later is
left alone. Each pid leads its own process group, which ends as a whole.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from localcloud.runtime.orphan_reaper import OWNER, watch

GRACE_SECONDS = 3.0
MARK = "LOCALCLOUD_PROCESSES"  # in a process's environment: whose it is, for those who had no time to be recorded


@dataclass(frozen=True)
class Process:
    pid: int
    began: float
    home: str  # the folder of its record: what was copied with a checkout is not ours
    name: str = ""
    container: str = ""
    owner: str = ""  # who started it

    @property
    def alive(self) -> bool:
        return began(self.pid) == self.began


class Processes:
    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self._own: dict[int, Process] = {}
        self._watched = ""

    @property
    def environment(self) -> dict[str, str]:
        """Give it to every process you start: also what dies before ``register`` leaves no orphan then."""
        return {MARK: str(self.folder), OWNER: self._owner()}

    def register(self, pid: int, name: str = "", container: str = "") -> None:
        """``name`` is the job's, to be killed by; ``container`` what ``docker run --name`` was given."""
        since = began(pid)
        if since is None:
            return  # it has ended already
        self._own[pid] = process = Process(pid, since, str(self.folder), name, container, self._owner())
        self.folder.mkdir(parents=True, exist_ok=True)
        record = self.folder / f"{pid}.json"
        partial = record.with_suffix(".partial")
        partial.write_text(json.dumps(asdict(process)))
        partial.replace(record)

    def forget(self, pid: int) -> None:
        self._own.pop(pid, None)
        (self.folder / f"{pid}.json").unlink(missing_ok=True)

    def all(self) -> list[Process]:
        """Those on record, dead or alive."""
        found = map(_read, sorted(self.folder.glob("*.json")))
        return [process for process in found if process and process.home == str(self.folder)]

    def kill(self, name: str) -> bool:
        """SIGKILL for the job of this name: what a machine that goes away looks like. False when there is none."""
        found = [process for process in self.all() if process.name == name and process.alive]
        for process in found:
            _signal(process, signal.SIGKILL)
        return bool(found)

    def end_own(self) -> int:
        """Those that this object registered; whatever else the folder may hold by now is somebody else's."""
        own = list(self._own.values())
        ended = _end(own, GRACE_SECONDS)
        for process in own:
            self.forget(process.pid)
        return ended

    def end_all(self, grace_seconds: float = GRACE_SECONDS) -> int:
        """Those on record and those marked, of whichever server; returns how many still ran."""
        ended = _end([*self.all(), *self._marked()], grace_seconds)
        for record in self.folder.glob("*"):
            record.unlink(missing_ok=True)
        return ended

    def _marked(self) -> list[Process]:
        return marked(MARK, str(self.folder))

    def _owner(self) -> str:
        """This process, which is watched from here on."""
        owner = f"{os.getpid()}-{began(os.getpid())}"
        if self._watched != owner:
            watch(owner, self.folder)
            self._watched = owner
        return owner


def marked(name: str, value: str) -> list[Process]:
    """Those with this variable in their environment."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):  # others' processes, and those that end meanwhile
            if process.pid != os.getpid() and process.environ().get(name) == value:
                found.append(Process(process.pid, began(process.pid) or 0.0, ""))
    return found


def end_those_of(owner: str, folders: Iterable[Path]) -> int:
    """What a process that is gone started; ``folders`` have records of it, which may be another's by now."""
    recorded = [process for folder in folders for process in Processes(folder).all() if process.owner == owner]
    return _end([*recorded, *marked(OWNER, owner)], GRACE_SECONDS)


def _end(processes: list[Process], grace_seconds: float) -> int:
    """SIGTERM, then SIGKILL, to each one's group."""
    living = list({process.pid: process for process in reversed(processes) if process.alive}.values())
    for process in living:
        _signal(process, signal.SIGTERM)
    deadline = time.monotonic() + grace_seconds
    while time.monotonic() < deadline and any(process.alive for process in living):
        time.sleep(0.02)
    for process in living:
        _signal(process, signal.SIGKILL)
    return len(living)


def began(pid: int) -> float | None:
    """When the process started, to be compared only; None when it does not run any more (a zombie does not run)."""
    try:
        state, *fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
        return None if state in "ZX" else float(fields[18])  # since boot: no change of the wall clock moves it
    except OSError:
        return None if Path("/proc/self").exists() else _began_elsewhere(pid)


def _began_elsewhere(pid: int) -> float | None:
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except psutil.Error:
        return None


def _read(record: Path) -> Process | None:
    try:
        return Process(**json.loads(record.read_text()))
    except (OSError, ValueError, TypeError):
        return None


def _signal(process: Process, number: int) -> None:
    if number == signal.SIGKILL and process.container:
        with suppress(OSError, subprocess.TimeoutExpired):  # docker's end does not end the container
            subprocess.run(["docker", "rm", "--force", process.container], capture_output=True, timeout=30, check=False)
    with suppress(ProcessLookupError, PermissionError):
        if os.getpgid(process.pid) == process.pid:
            os.killpg(process.pid, number)
        elif process.alive:
            os.kill(process.pid, number)
