"""The processes that a server started, on file, so that they can be ended after a crash.

A record is a file named by the pid. Each process leads its own process group, which is ended as a whole.
"""

from __future__ import annotations

import json
import os
import signal
from dataclasses import asdict
from pathlib import Path

from localcloud.runtime.orphan_reaper import watch
from localcloud.runtime.processes import (
    GRACE_SECONDS,
    OWNER_VARIABLE,
    Process,
    end,
    read_records,
    send_signal,
    start_time,
    with_variable,
)

REGISTRY_VARIABLE = "LOCALCLOUD_PROCESSES"  # in a process's environment: the folder of the registry it belongs to


class ProcessRegistry:
    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self._own: dict[int, Process] = {}
        self._watched_owner = ""

    @property
    def environment(self) -> dict[str, str]:
        """For every process that is started: it leaves no orphan even if its starter dies before ``register``."""
        return {REGISTRY_VARIABLE: str(self.folder), OWNER_VARIABLE: self._owner()}

    def register(self, pid: int, name: str = "", container: str = "") -> None:
        """``name`` is the job's, for ``kill``; ``container`` is what ``docker run --name`` was given."""
        started = start_time(pid)
        if started is None:
            return  # it has ended already
        self._own[pid] = process = Process(pid, started, str(self.folder), name, container, self._owner())
        self.folder.mkdir(parents=True, exist_ok=True)
        record = self.folder / f"{pid}.json"
        partial = record.with_suffix(".partial")
        partial.write_text(json.dumps(asdict(process)))
        partial.replace(record)

    def forget(self, pid: int) -> None:
        self._own.pop(pid, None)
        (self.folder / f"{pid}.json").unlink(missing_ok=True)

    def all(self) -> list[Process]:
        """The processes on record, dead or alive."""
        return read_records(self.folder)

    def kill(self, name: str) -> bool:
        """SIGKILL for the job of this name, as if its machine went away; False when there is none."""
        processes = [process for process in self.all() if process.name == name and process.alive]
        for process in processes:
            send_signal(process, signal.SIGKILL)
        return bool(processes)

    def end_own(self) -> int:
        """End what this object registered; other records in the folder belong to other servers."""
        own = list(self._own.values())
        ended = end(own)
        for process in own:
            self.forget(process.pid)
        return ended

    def end_all(self, grace_seconds: float = GRACE_SECONDS) -> int:
        """End all processes of this folder, on record or not, of any server; returns how many still ran."""
        unrecorded = with_variable(REGISTRY_VARIABLE, str(self.folder))
        ended = end([*self.all(), *unrecorded], grace_seconds)
        for record in self.folder.glob("*"):
            record.unlink(missing_ok=True)
        return ended

    def _owner(self) -> str:
        """This process, which has a reaper from here on."""
        owner = f"{os.getpid()}-{start_time(os.getpid())}"
        if self._watched_owner != owner:
            watch(owner, self.folder)
            self._watched_owner = owner
        return owner
