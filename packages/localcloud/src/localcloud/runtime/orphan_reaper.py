"""Ends the child processes of a server that died: a process of its own beside every server.

A server that is killed cannot end its children itself, and `up` cleans only a folder that is used again. Server and
reaper are connected by a pipe, which the system closes however the server ends, on Linux and macOS alike. Each child
carries its owner in its environment, so that no foreign process is ended, and none is missed that was not yet on
record.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from threading import Lock

from localcloud.runtime.processes import OWNER_VARIABLE, end, read_records, with_variable

ROUNDS = (0.0, 0.5, 1.5)  # seconds before each; a child whose start was under way is found in a later round
SOURCE = Path(__file__).resolve().parents[2]
_LOCK = Lock()
_reapers: dict[str, subprocess.Popen[str]] = {}  # by owner: this process, and after a fork its parent


def watch(owner: str, folder: Path) -> None:
    """Ensure a reaper for as long as this process lives; ``folder`` holds records of its children."""
    with _LOCK, suppress(OSError):  # a machine that cannot start it works without this safety
        reaper = _reapers.get(owner)
        if not reaper or reaper.poll() is not None:
            reaper = _reapers[owner] = _start(owner)
        assert reaper.stdin  # noqa: S101 - it was opened with a pipe
        reaper.stdin.write(f"{folder}\n")
        reaper.stdin.flush()


def end_children(owner: str, folders: Iterable[Path]) -> int:
    """End what a dead process started; ``folders`` hold records, which may by now be those of another process."""
    recorded = [process for folder in folders for process in read_records(folder) if process.owner == owner]
    return end([*recorded, *with_variable(OWNER_VARIABLE, owner)])


def _start(owner: str) -> subprocess.Popen[str]:
    """Without the variables of an outer localcloud, whose reaper would end this one."""
    return subprocess.Popen(
        [sys.executable, "-m", __name__, owner],
        cwd=SOURCE,
        env={name: value for name, value in os.environ.items() if not name.startswith("LOCALCLOUD_")},
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,  # a signal to the server's group does not reach it
    )


def main(owner: str) -> int:
    folders = {Path(line.rstrip("\n")) for line in sys.stdin}  # until the server ends
    for pause in ROUNDS:
        time.sleep(pause)
        end_children(owner, folders)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
