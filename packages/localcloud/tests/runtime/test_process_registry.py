"""The records of a registry are enough to end every process in it, and no other."""

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

from localcloud.runtime.process_registry import REGISTRY_VARIABLE, ProcessRegistry
from localcloud.runtime.processes import start_time

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
def registry(tmp_path: Path) -> ProcessRegistry:
    return ProcessRegistry(tmp_path / "processes")


@pytest.fixture
def start_process() -> Iterator[Any]:
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
    while start_time(pid) is not None and time.monotonic() < deadline:
        time.sleep(0.01)
    return start_time(pid) is None


def test_recorded_processes_end_with_their_children(registry: ProcessRegistry, start_process: Any) -> None:
    parent = start_process(PARENT)
    grandchild = int(parent.stdout.readline())
    registry.register(parent.pid, "job")
    assert [(p.pid, p.name, p.alive) for p in registry.all()] == [(parent.pid, "job", True)]
    assert registry.end_all() == 1
    assert gone(parent.pid)
    assert gone(grandchild)
    assert registry.all() == []


def test_a_process_that_ignores_sigterm_is_killed(registry: ProcessRegistry, start_process: Any) -> None:
    stubborn = start_process(STUBBORN)
    stubborn.stdout.readline()
    registry.register(stubborn.pid)
    assert registry.end_all(grace_seconds=0.2) == 1
    assert stubborn.wait(10) == -9


def test_another_process_with_the_same_pid_is_left_alone(registry: ProcessRegistry, start_process: Any) -> None:
    child = start_process(SLEEP)
    registry.register(child.pid)
    record = registry.folder / f"{child.pid}.json"
    record.write_text(json.dumps(json.loads(record.read_text()) | {"start_time": 1.0}))
    assert registry.end_all() == 0
    assert child.poll() is None
    assert not record.exists()


def test_ended_processes_are_forgotten(registry: ProcessRegistry, start_process: Any) -> None:
    child = start_process([sys.executable, "-c", ""])
    child.wait(10)
    registry.register(child.pid)
    assert registry.all() == []
    other = start_process(SLEEP)
    registry.register(other.pid)
    registry.forget(other.pid)
    registry.forget(other.pid)
    assert registry.end_all() == 0
    assert other.poll() is None


def test_processes_without_a_record_are_found_too(
    registry: ProcessRegistry, start_process: Any, tmp_path: Path
) -> None:
    mine = start_process(SLEEP, env={**os.environ, **registry.environment})
    others = start_process(SLEEP, env={**os.environ, REGISTRY_VARIABLE: str(tmp_path / "elsewhere")})
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and not registry.end_all():
        time.sleep(0.01)  # between fork and exec it still has the environment of the test
    assert gone(mine.pid)
    assert others.poll() is None


def test_an_unreadable_record_is_skipped(registry: ProcessRegistry, start_process: Any) -> None:
    child = start_process(SLEEP)
    registry.register(child.pid)
    (registry.folder / "1.json").write_text("{")
    (registry.folder / "2.json").write_text('{"pid": 1}')
    assert registry.end_all() == 1
    assert gone(child.pid)


def test_a_container_ends_with_its_process(
    registry: ProcessRegistry, start_process: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    docker = tmp_path / "bin" / "docker"
    docker.parent.mkdir()
    docker.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/calls\n')
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", f"{docker.parent}:{os.environ['PATH']}")
    registry.register(start_process(SLEEP).pid, "job", container="job-1")
    registry.end_all()
    assert (tmp_path / "calls").read_text() == "rm --force job-1\n"


def test_processes_end_even_if_docker_hangs(
    registry: ProcessRegistry, start_process: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hangs(command: list[str], **_: Any) -> None:
        raise subprocess.TimeoutExpired(command, 30)

    monkeypatch.setattr("localcloud.runtime.processes.subprocess.run", hangs)
    children = [start_process(SLEEP), start_process(SLEEP)]
    for number, child in enumerate(children):
        registry.register(child.pid, f"job-{number}", container=f"job-{number}")
    assert registry.end_all() == 2
    assert all(gone(child.pid) for child in children)


def test_a_copied_record_is_ignored(registry: ProcessRegistry, start_process: Any, tmp_path: Path) -> None:
    child = start_process(SLEEP)
    registry.register(child.pid, "job")
    copy = ProcessRegistry(tmp_path / "copy")
    shutil.copytree(registry.folder, copy.folder)
    assert copy.all() == []
    assert not copy.kill("job")
    assert copy.end_all() == 0
    assert child.poll() is None


def test_own_processes_end_even_if_another_server_uses_the_folder(
    registry: ProcessRegistry, start_process: Any
) -> None:
    mine, others = start_process(SLEEP), start_process(SLEEP)
    registry.register(mine.pid)
    shutil.rmtree(registry.folder)
    ProcessRegistry(registry.folder).register(others.pid)
    assert registry.end_own() == 1
    assert gone(mine.pid)
    assert others.poll() is None
    assert registry.end_own() == 0
