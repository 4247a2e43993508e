"""A killed server leaves no process behind, whatever happens to its folder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from localcloud.runtime.process_registry import ProcessRegistry
from localcloud.runtime.processes import OWNER_VARIABLE, start_time

ROOT = Path(__file__).resolve().parents[4]
SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
STARTER = """
import subprocess, sys, time
from pathlib import Path
from localcloud.runtime.process_registry import ProcessRegistry

sleep = [sys.executable, "-c", "import time; time.sleep(60)"]
registry = ProcessRegistry(Path(sys.argv[1]))
apart = {"start_new_session": True, "stdout": subprocess.DEVNULL}
unrecorded = subprocess.Popen(sleep, env=registry.environment, **apart)
recorded = subprocess.Popen(sleep, **apart)
registry.register(recorded.pid, "job")
print(unrecorded.pid, recorded.pid, flush=True)
sys.stdin.read()
"""


class Starter:
    """A process that has started two others: one has the variables in its environment, the other a record."""

    def __init__(self, folder: Path, **variables: str) -> None:
        command = [sys.executable, "-c", STARTER, str(folder)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.process = subprocess.Popen(command, cwd=ROOT, env=os.environ | variables, **pipes)  # type: ignore[call-overload]
        self.children = [int(pid) for pid in self.process.stdout.readline().split()]
        self.reaper = next(child for child in psutil.Process(self.process.pid).children() if _is_reaper(child)).pid

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()

    def close(self) -> None:
        self.kill()
        for pid in (*self.children, self.reaper):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _is_reaper(process: psutil.Process) -> bool:
    with suppress(psutil.Error):  # a child of another test that has ended
        return "localcloud.runtime.orphan_reaper" in process.cmdline()
    return False


@pytest.fixture
def starter(tmp_path: Path) -> Iterator[Starter]:
    starter = Starter(tmp_path / "processes")
    yield starter
    starter.close()


def gone(*pids: int) -> bool:
    deadline = time.monotonic() + 30
    while any(map(start_time, pids)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not any(map(start_time, pids))


def test_children_and_reaper_end_when_the_server_is_killed(starter: Starter) -> None:
    assert all(map(start_time, starter.children))
    starter.kill()
    assert gone(*starter.children)
    assert gone(starter.reaper)


def test_processes_of_other_servers_in_the_same_folder_survive(starter: Starter, tmp_path: Path) -> None:
    registry = ProcessRegistry(tmp_path / "processes")
    with subprocess.Popen(SLEEP, env=os.environ | registry.environment, start_new_session=True) as mine:
        registry.register(mine.pid, "mine")
        starter.kill()
        assert gone(starter.reaper)
        assert mine.poll() is None
        assert [process.name for process in registry.all() if process.alive] == ["mine"]
        mine.kill()


def test_the_reaper_ends_after_an_orderly_shutdown(starter: Starter) -> None:
    starter.process.communicate("")
    assert gone(starter.reaper)


def test_a_localcloud_inside_another_has_its_own_reaper(tmp_path: Path) -> None:
    inner = Starter(tmp_path, **{OWNER_VARIABLE: "outer"})
    try:
        assert OWNER_VARIABLE not in psutil.Process(inner.reaper).environ()  # else the outer reaper would end it
        inner.kill()
        assert gone(*inner.children)
    finally:
        inner.close()


def test_a_dead_reaper_is_replaced(tmp_path: Path) -> None:
    first, second = ProcessRegistry(tmp_path / "1"), ProcessRegistry(tmp_path / "2")
    assert first.environment[OWNER_VARIABLE] == second.environment[OWNER_VARIABLE]
    reapers = [child for child in psutil.Process().children() if _is_reaper(child)]
    assert len(reapers) == 1
    reapers[0].kill()
    assert gone(reapers[0].pid)
    assert ProcessRegistry(tmp_path / "3").environment[OWNER_VARIABLE] == first.environment[OWNER_VARIABLE]
    replacements = [child.pid for child in psutil.Process().children() if _is_reaper(child)]
    assert len(replacements) == 1
    assert replacements != [reapers[0].pid]
