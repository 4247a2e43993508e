"""Starts the server as a process, in the background or for as long as the command runs, and ends it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

from localcloud.core.errors import Problem
from localcloud.core.server_environment import server_variables
from localcloud.core.state_dir import Running, StateDir

MODULE = "localcloud.server.process"
START_SECONDS = 60.0
STDERR = 2


@dataclass(frozen=True)
class ServerOptions:
    """What `up` was given; None and "" are left to the server, or to one that runs already."""

    port: int | None = None
    speed: float | None = None
    account: str = ""
    region: str = ""
    docker: str = ""  # the image that jobs and models run in; 1: each in its own
    no_roles: bool = False  # allows every call
    parent: int = 0  # the process that it ends with

    def arguments(self) -> list[str]:
        named = {"--port": self.port, "--speed": self.speed, "--account": self.account, "--region": self.region}
        named["--parent"] = self.parent or None
        pairs = [[name, str(value)] for name, value in named.items() if value not in (None, "")]
        return [*(word for pair in pairs for word in pair), *(["--no-roles"] if self.no_roles else [])]


def start(state_dir: StateDir, options: ServerOptions) -> Running:
    """In the background: it stays when the command ends."""
    state_dir.new_log()
    with ExitStack() as stack:
        with state_dir.log.open("w") as log, _deferred_interrupts():
            child = _spawn(state_dir, options, output=log)
            stack.enter_context(_killed_on_failure(state_dir, child))
        return _ready(state_dir, child, lambda: _last_line(state_dir.log))


@contextmanager
def foreground(state_dir: StateDir, options: ServerOptions) -> Iterator[tuple[Running, Callable[[], int]]]:
    """The server, and a function that waits for its end. SIGTERM and Ctrl-C end it too."""
    with _forwarded_signals() as forward_to:
        child = _spawn(state_dir, options, output=None)
        forward_to(child)
        with _killed_on_failure(state_dir, child):
            running = _ready(state_dir, child, lambda: "its last lines are above")
            yield running, child.wait


def end(running: Running, seconds: float) -> None:
    """With SIGTERM, then with SIGKILL."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.kill(running.pid, number)
        if _gone(running, seconds):
            return


def _gone(running: Running, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while running.alive:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


@contextmanager
def _forwarded_signals() -> Iterator[Callable[[subprocess.Popen[bytes]], None]]:
    """Forwards SIGTERM and SIGINT of this process to a child, once it exists."""
    children: list[subprocess.Popen[bytes]] = []
    received: list[int] = []

    def forward(number: int, _: Any) -> None:
        received.append(number)
        for child in children:
            child.send_signal(signal.SIGTERM)

    def register(child: subprocess.Popen[bytes]) -> None:
        children.append(child)
        if received:  # before it was started
            child.send_signal(signal.SIGTERM)

    before = {number: signal.signal(number, forward) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield register
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _deferred_interrupts() -> Iterator[None]:
    """Until the end of the block, so that a process is not started and forgotten."""
    received: list[int] = []
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    deferred = [number for number, handler in before.items() if handler != signal.SIG_IGN]
    for number in deferred:
        signal.signal(number, lambda number, _: received.append(number))
    try:
        yield
    finally:
        for number in deferred:
            signal.signal(number, before[number])
    if received:
        raise KeyboardInterrupt


def _spawn(state_dir: StateDir, options: ServerOptions, output: IO[str] | None) -> subprocess.Popen[bytes]:
    """``output`` None: to this command's stderr, and the server ends when this command does.

    ``-P``: the server imports nothing from the current folder.
    """
    if output is None:
        options = replace(options, parent=os.getpid())
    command = [sys.executable, "-P", "-m", MODULE, "--folder", str(state_dir.folder), *options.arguments()]
    return subprocess.Popen(
        command,
        cwd=state_dir.folder,
        env=server_variables(options.docker),
        stdin=subprocess.DEVNULL,
        stdout=output or STDERR,
        stderr=subprocess.STDOUT,
        start_new_session=output is not None,
    )


@contextmanager
def _killed_on_failure(state_dir: StateDir, child: subprocess.Popen[bytes]) -> Iterator[None]:
    try:
        yield
    except BaseException:
        child.kill()
        child.wait()
        state_dir.clear()
        raise


def _ready(state_dir: StateDir, child: subprocess.Popen[bytes], reason: Callable[[], str]) -> Running:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        running = state_dir.last()
        if running and running.pid == child.pid:
            return running
        if child.poll() is not None:
            raise Problem(f"localcloud did not start: {reason() or f'exit code {child.returncode}'}")
        time.sleep(0.01)
    raise Problem(f"localcloud did not start within {START_SECONDS:g} s; {state_dir.log} may say why")


def _last_line(log: Path) -> str:
    last = deque(log.open(errors="replace"), maxlen=1)
    return last[0].strip().removeprefix("error: ") if last else ""
