"""Whoever is killed leaves no process behind, whatever becomes of its folder."""

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

from localcloud.runtime.orphan_reaper import OWNER
from localcloud.runtime.process_registry import Processes, began

ROOT = Path(__file__).resolve().parents[4]
SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
STARTER = """
import subprocess, sys, time
from pathlib import Path
from localcloud.runtime.process_registry import Processes

sleep = [sys.executable, "-c", "import time; time.sleep(60)"]
processes = Processes(Path(sys.argv[1]))
apart = {"start_new_session": True, "stdout": subprocess.DEVNULL}
marked = subprocess.Popen(sleep, env=processes.environment, **apart)
recorded = subprocess.Popen(sleep, **apart)
processes.register(recorded.pid, "job")
print(marked.pid, recorded.pid, flush=True)
sys.stdin.read()
"""


class Starter:
    """A process that has started two others, one of which bears a mark, and the other has a record."""

    def __init__(self, folder: Path, **variables: str) -> None:
        command = [sys.executable, "-c", STARTER, str(folder)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.process = subprocess.Popen(command, cwd=ROOT, env=os.environ | variables, **pipes)  # type: ignore[call-overload]
        self.children = [int(pid) for pid in self.process.stdout.readline().split()]
        self.watcher = next(child for child in psutil.Process(self.process.pid).children() if _watches(child)).pid

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()

    def close(self) -> None:
        self.kill()
        for pid in (*self.children, self.watcher):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _watches(process: psutil.Process) -> bool:
    with suppress(psutil.Error):  # another test's child that has ended
        return "localcloud.runtime.orphan_reaper" in process.cmdline()
    return False


@pytest.fixture
def starter(tmp_path: Path) -> Iterator[Starter]:
    made = Starter(tmp_path / "processes")
    yield made
    made.close()


def gone(*pids: int) -> bool:
    deadline = time.monotonic() + 30
    while any(map(began, pids)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not any(map(began, pids))


def test_what_was_started_ends_with_whoever_is_killed_and_so_does_the_watcher(starter: Starter) -> None:
    assert all(map(began, starter.children))
    starter.kill()
    assert gone(*starter.children)
    assert gone(starter.watcher)


def test_of_others_in_the_same_folder_nothing_ends(starter: Starter, tmp_path: Path) -> None:
    processes = Processes(tmp_path / "processes")
    with subprocess.Popen(SLEEP, env=os.environ | processes.environment, start_new_session=True) as mine:
        processes.register(mine.pid, "mine")
        starter.kill()
        assert gone(starter.watcher)
        assert mine.poll() is None
        assert [process.name for process in processes.all() if process.alive] == ["mine"]
        mine.kill()


def test_an_orderly_end_needs_no_watcher_any_more(starter: Starter) -> None:
    starter.process.communicate("")
    assert gone(starter.watcher)


def test_a_localcloud_within_another_is_watched_all_the_same(tmp_path: Path) -> None:
    inner = Starter(tmp_path, **{OWNER: "outer"})
    try:
        assert OWNER not in psutil.Process(inner.watcher).environ()  # else the outer one's would end it
        inner.kill()
        assert gone(*inner.children)
    finally:
        inner.close()


def test_without_a_watcher_there_is_one_again(tmp_path: Path) -> None:
    first, second = Processes(tmp_path / "1"), Processes(tmp_path / "2")
    assert first.environment[OWNER] == second.environment[OWNER]
    watchers = [child for child in psutil.Process().children() if _watches(child)]
    assert len(watchers) == 1
    watchers[0].kill()
    assert gone(watchers[0].pid)
    assert Processes(tmp_path / "3").environment[OWNER] == first.environment[OWNER]
    again = [child.pid for child in psutil.Process().children() if _watches(child)]
    assert len(again) == 1
    assert again != [watchers[0].pid]
