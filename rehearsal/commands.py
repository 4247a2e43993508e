"""The project's own commands, as a person would call them: their output goes to a file, shown when they fail."""

from __future__ import annotations

import subprocess
import sys
from collections import deque
from pathlib import Path

from rehearsal.server import ROOT
from settings.errors import Problem

LAST_LINES = 25
SECONDS = 300


def run(name: str, logs: Path, *words: str) -> str:
    """``python -m <words>``; returns its output."""
    return _run(name, logs, [sys.executable, "-m", *words])


def git(name: str, logs: Path, *words: str) -> str:
    return _run(name, logs, ["git", "-C", str(ROOT), *words])


def _run(name: str, logs: Path, words: list[str]) -> str:
    logs.mkdir(parents=True, exist_ok=True)
    log = logs / f"{name}.log"
    try:
        with log.open("w") as file:
            done = subprocess.run(
                words, stdout=file, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, timeout=SECONDS, cwd=ROOT
            )
    except subprocess.TimeoutExpired:
        raise Problem(f"{name} did not finish within {SECONDS} s; its output is in {log}") from None
    output = log.read_text(errors="replace")
    if done.returncode:
        last = "\n".join(deque(output.splitlines(), maxlen=LAST_LINES))
        raise Problem(f"{name} exited with {done.returncode}; the end of {log}:\n{last}")
    return output
