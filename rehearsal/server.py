"""The localcloud of a state folder, started and stopped by its commands, as a person would."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from settings.errors import Problem

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / ".localcloud"


@dataclass(frozen=True)
class Server:
    folder: Path
    config: Path | None = None

    @property
    def is_running(self) -> bool:
        return not self._localcloud("status").returncode

    def up(self, *options: str, ends_with_this_process: bool) -> str:
        """Returns its URL. One that ends with this process does so also when this process is killed."""
        config = ["--config", str(self.config)] if self.config else []
        parent = ["--parent", str(os.getpid())] if ends_with_this_process else []
        done = _run("rehearsal.up", "--folder", str(self.folder), *config, *parent, *options)
        if done.returncode:
            raise Problem(_last_line(done.stderr).removeprefix("error: ") or f"`up` exited with {done.returncode}")
        print(done.stderr, end="", file=sys.stderr, flush=True)
        print(done.stdout, end="", flush=True)
        return _last_line(done.stdout)

    def down(self) -> None:
        done = self._localcloud("down")
        print(done.stdout, end="", flush=True)
        print(done.stderr, end="", file=sys.stderr, flush=True)

    def _localcloud(self, *words: str) -> subprocess.CompletedProcess[str]:
        return _run("localcloud", "--folder", str(self.folder), *words)


def _run(*words: str) -> subprocess.CompletedProcess[str]:
    """``python -m <words>``. Ctrl-C reaches it from here, once, and it is waited for: nothing stays half started."""
    command = [sys.executable, "-m", *words]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as child:
        try:
            text, errors = child.communicate()
        except KeyboardInterrupt:
            child.terminate()  # SIGINT may be ignored
            child.wait()
            raise
    return subprocess.CompletedProcess(command, child.returncode, text, errors)


def _last_line(text: str) -> str:
    return text.strip().rpartition("\n")[2]
