"""Whoever starts processes has this one beside it, which waits for its end and then ends what it left behind.

A server that is killed has no time for that, and `up` cleans only a folder that is used again. They are tied by a pipe:
the system closes it however the other ends, at any time, on Linux and macOS alike. What was started names its starter
in its environment, so that nobody else's process is ended, and none is forgotten that had no time to be recorded.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from threading import Lock

OWNER = "LOCALCLOUD_OWNER"  # in a process's environment: who started it
ROUNDS = (0.0, 0.5, 1.5)  # seconds; what was being started in the last moment is found the second time
ROOT = Path(__file__).resolve().parents[2]
_LOCK = Lock()
_watchers: dict[str, subprocess.Popen[str]] = {}  # of this process; of its parent too, after a fork


def watch(owner: str, folder: Path) -> None:
    """From now on, for as long as this process lives; ``folder`` has records of what it starts."""
    with _LOCK, suppress(OSError):  # a machine that cannot have it is one without this safety
        watcher = _watchers.get(owner)
        if not watcher or watcher.poll() is not None:
            watcher = _watchers[owner] = _start(owner)
        assert watcher.stdin  # noqa: S101 - it was opened with a pipe
        watcher.stdin.write(f"{folder}\n")
        watcher.stdin.flush()


def _start(owner: str) -> subprocess.Popen[str]:
    """Part of nothing else: where one localcloud runs inside another, the end of both is noticed by two."""
    return subprocess.Popen(
        [sys.executable, "-m", __name__, owner],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith("LOCALCLOUD_")},
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,  # a signal to the other's group is not for this one
    )


def main(owner: str) -> int:
    folders = {Path(line.rstrip("\n")) for line in sys.stdin}  # until the other ends
    from localcloud.runtime.process_registry import end_those_of

    for pause in ROUNDS:
        time.sleep(pause)
        end_those_of(owner, folders)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
