"""Whoever finds the records can end every process, and ends no other."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from localcloud.runtime.process_registry import MARK, Processes, began

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(15, signal.SIG_IGN); print(flush=True); time.sleep(60)",
]
PARENT = [
    sys.executable,
    "-c",
    "import subprocess, sys; c = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
    "print(c.pid, flush=True); c.wait()",
]


@pytest.fixture
def processes(tmp_path: Path) -> Processes:
    return Processes(tmp_path / "processes")


@pytest.fixture
def started() -> Iterator[Any]:
    children: list[subprocess.Popen[bytes]] = []

    def start(command: list[str], **options: Any) -> subprocess.Popen[bytes]:
        options = {"start_new_session": True, "stdout": subprocess.PIPE} | options
        children.append(subprocess.Popen(command, **options))
        return children[-1]

    yield start
    for child in children:
        child.kill()
        child.wait(10)
        if child.stdout:
            child.stdout.close()


def gone(pid: int) -> bool:
    deadline = time.monotonic() + 30
    while began(pid) is not None and time.monotonic() < deadline:
        time.sleep(0.01)
    return began(pid) is None


def test_recorded_processes_end_with_everything_they_started(processes: Processes, started: Any) -> None:
    parent = started(PARENT)
    grandchild = int(parent.stdout.readline())
    processes.register(parent.pid, "job")
    assert [(p.pid, p.name, p.alive) for p in processes.all()] == [(parent.pid, "job", True)]
    assert processes.end_all() == 1
    assert gone(parent.pid)
    assert gone(grandchild)
    assert processes.all() == []


def test_who_does_not_listen_to_sigterm_is_killed(processes: Processes, started: Any) -> None:
    stubborn = started(STUBBORN)
    stubborn.stdout.readline()
    processes.register(stubborn.pid)
    assert processes.end_all(grace_seconds=0.2) == 1
    assert stubborn.wait(10) == -9


def test_another_process_with_the_same_pid_is_left_alone(processes: Processes, started: Any) -> None:
    child = started(SLEEP)
    processes.register(child.pid)
    record = processes.folder / f"{child.pid}.json"
    record.write_text(json.dumps(json.loads(record.read_text()) | {"began": 1.0}))
    assert processes.end_all() == 0
    assert child.poll() is None
    assert not record.exists()


def test_what_has_ended_is_forgotten(processes: Processes, started: Any) -> None:
    child = started([sys.executable, "-c", ""])
    child.wait(10)
    processes.register(child.pid)
    assert processes.all() == []
    other = started(SLEEP)
    processes.register(other.pid)
    processes.forget(other.pid)
    processes.forget(other.pid)
    assert processes.end_all() == 0
    assert other.poll() is None


def test_marked_processes_are_found_without_a_record(processes: Processes, started: Any, tmp_path: Path) -> None:
    mine = started(SLEEP, env={**os.environ, **processes.environment})
    others = started(SLEEP, env={**os.environ, MARK: str(tmp_path / "elsewhere")})
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and not processes.end_all():
        time.sleep(0.01)  # between fork and exec it has our environment still
    assert gone(mine.pid)
    assert others.poll() is None


def test_a_record_that_cannot_be_read_stops_nothing(processes: Processes, started: Any) -> None:
    child = started(SLEEP)
    processes.register(child.pid)
    (processes.folder / "1.json").write_text("{")
    (processes.folder / "2.json").write_text('{"pid": 1}')
    assert processes.end_all() == 1
    assert gone(child.pid)


def test_a_container_ends_with_its_process(
    processes: Processes, started: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    docker = tmp_path / "bin" / "docker"
    docker.parent.mkdir()
    docker.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/said\n')
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", f"{docker.parent}:{os.environ['PATH']}")
    processes.register(started(SLEEP).pid, "job", container="job-1")
    processes.end_all()
    assert (tmp_path / "said").read_text() == "rm --force job-1\n"


def test_a_docker_that_does_not_answer_spares_nobody(
    processes: Processes, started: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hangs(command: list[str], **_: Any) -> None:
        raise subprocess.TimeoutExpired(command, 30)

    monkeypatch.setattr("localcloud.runtime.process_registry.subprocess.run", hangs)
    children = [started(SLEEP), started(SLEEP)]
    for number, child in enumerate(children):
        processes.register(child.pid, f"job-{number}", container=f"job-{number}")
    assert processes.end_all() == 2
    assert all(gone(child.pid) for child in children)


def test_a_copied_record_is_nobody_s(processes: Processes, started: Any, tmp_path: Path) -> None:
    child = started(SLEEP)
    processes.register(child.pid, "job")
    copy = Processes(tmp_path / "copy")
    shutil.copytree(processes.folder, copy.folder)
    assert copy.all() == []
    assert not copy.kill("job")
    assert copy.end_all() == 0
    assert child.poll() is None


def test_one_s_own_end_even_if_the_folder_is_another_s_by_now(processes: Processes, started: Any) -> None:
    mine, others = started(SLEEP), started(SLEEP)
    processes.register(mine.pid)
    shutil.rmtree(processes.folder)
    Processes(processes.folder).register(others.pid)
    assert processes.end_own() == 1
    assert gone(mine.pid)
    assert others.poll() is None
    assert processes.end_own() == 0
