"""The project's own commands, as a person would call them: what they say goes to a file, shown when they fail."""

from __future__ import annotations

import subprocess
import sys
from collections import deque
from pathlib import Path

from localcloud.core.errors import Problem

ROOT = Path(__file__).resolve().parents[1]
LAST = 25
SECONDS = 300


def run(name: str, logs: Path, *words: str) -> str:
    """``python -m <words>``; returns what it said."""
    return _run(name, logs, [sys.executable, "-m", *words])


def git(name: str, logs: Path, *words: str) -> str:
    return _run(name, logs, ["git", "-C", str(ROOT), *words])


def _run(name: str, logs: Path, words: list[str]) -> str:
    logs.mkdir(parents=True, exist_ok=True)
    log = logs / f"{name}.log"
    try:
        with log.open("w") as out:
            done = subprocess.run(
                words, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, timeout=SECONDS, cwd=ROOT
            )
    except subprocess.TimeoutExpired:
        raise Problem(f"{name} did not end within {SECONDS} s; what it said is in {log}") from None
    said = log.read_text(errors="replace")
    if done.returncode:
        last = "\n".join(deque(said.splitlines(), maxlen=LAST))
        raise Problem(f"{name} ended with {done.returncode}; the end of {log}:\n{last}")
    return said
