"""Processes on this machine: which ones run, which carry a variable, and how they are ended.

A process is identified by its pid and its start time, so that another one that gets the same pid later is left alone.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

GRACE_SECONDS = 3.0
OWNER_VARIABLE = "LOCALCLOUD_OWNER"  # in a process's environment: which process started it


@dataclass(frozen=True)
class Process:
    pid: int
    start_time: float
    folder: str  # of its record: a record that was copied with a checkout is ignored
    name: str = ""
    container: str = ""
    owner: str = ""  # the process that started it

    @property
    def alive(self) -> bool:
        return start_time(self.pid) == self.start_time


def start_time(pid: int) -> float | None:
    """Only to be compared; None when the process does not run any more (a zombie does not run)."""
    try:
        state, *fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
        return None if state in "ZX" else float(fields[18])  # since boot: no change of the wall clock moves it
    except OSError:
        return None if Path("/proc/self").exists() else _start_time_without_proc(pid)


def read_records(folder: Path) -> list[Process]:
    """The processes on record in a folder, dead or alive."""
    processes = map(_read, sorted(folder.glob("*.json")))
    return [process for process in processes if process and process.folder == str(folder)]


def with_variable(name: str, value: str) -> list[Process]:
    """The processes that have this variable in their environment."""
    processes = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):  # processes of other users, and those that end meanwhile
            if process.pid != os.getpid() and process.environ().get(name) == value:
                processes.append(Process(process.pid, start_time(process.pid) or 0.0, ""))
    return processes


def end(processes: list[Process], grace_seconds: float = GRACE_SECONDS) -> int:
    """SIGTERM, then SIGKILL, to the group of each process; returns how many still ran."""
    living = list({process.pid: process for process in reversed(processes) if process.alive}.values())
    for process in living:
        send_signal(process, signal.SIGTERM)
    deadline = time.monotonic() + grace_seconds
    while time.monotonic() < deadline and any(process.alive for process in living):
        time.sleep(0.02)
    for process in living:
        send_signal(process, signal.SIGKILL)
    return len(living)


def send_signal(process: Process, number: int) -> None:
    if number == signal.SIGKILL and process.container:
        with suppress(OSError, subprocess.TimeoutExpired):  # killing `docker run` does not end the container
            subprocess.run(["docker", "rm", "--force", process.container], capture_output=True, timeout=30, check=False)
    with suppress(ProcessLookupError, PermissionError):
        if os.getpgid(process.pid) == process.pid:
            os.killpg(process.pid, number)
        elif process.alive:
            os.kill(process.pid, number)


def _start_time_without_proc(pid: int) -> float | None:
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
