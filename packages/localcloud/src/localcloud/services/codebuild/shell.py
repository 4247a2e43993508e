"""One live shell for a whole build: working directory, exports and functions carry over from command to command.

Each command is a file that the shell sources; its exit status is written to the pipe of its output, so that no output
is late. A command that exits the shell (``exit 3``) ends only itself: the next one gets a new shell with the same
environment and directory, but without functions.
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import threading
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import IO

POLL_SECONDS = 0.05
FLUSH_SECONDS = 2.0  # for the last output of a shell, when other processes hold its output open
Line = Callable[[str], None]
ENDED = -1  # the status when the build was stopped or timed out
# fd 8 is the output, whatever a command does with its own; nothing here is a parameter that a command could shift
DRIVER = """
exec 8>&1
__save_state() {{ {env} -0 >{state}.environment; pwd >{state}.folder; }}
trap __save_state EXIT
while IFS= read -r __command; do
  . "$__command" </dev/null 8>&-
  printf '%s %s\\n' {mark} "$?" >&8
done
"""


class Shell:
    def __init__(
        self,
        program: str,
        environment: Mapping[str, str],
        folder: Path,
        scratch: Path,
        *,
        on_line: Line,
        must_end: Callable[[], bool],
        on_start: Callable[[int], None] = lambda _: None,
        on_end: Callable[[int], None] = lambda _: None,
    ) -> None:
        """``on_line`` gets the output, ``on_start`` and ``on_end`` a process ID; ``must_end`` is polled."""
        self.environment, self.folder = dict(environment), str(folder)
        self._program, self._scratch = program, scratch
        self._on_line, self._must_end, self._on_start, self._on_end = on_line, must_end, on_start, on_end
        self._mark = f"--{uuid.uuid4().hex}"
        self._number = 0
        self._child: subprocess.Popen[str] | None = None
        self._output: SimpleQueue[str | None] = SimpleQueue()

    def run(self, command: str) -> int:
        """Returns the exit status, or ENDED."""
        child = self._child or self._start()
        self._number += 1
        file = self._scratch / f"command-{self._number}.sh"
        file.write_text(f"{command}\n")
        with suppress(BrokenPipeError):
            _pipe(child.stdin).write(f"{file}\n")
            _pipe(child.stdin).flush()
        return self._await(child)

    def close(self) -> None:
        """Ends the shell and all its processes, and reads its last environment."""
        child = self._child
        if child:
            with suppress(OSError):
                _pipe(child.stdin).close()
            with suppress(subprocess.TimeoutExpired):
                child.wait(FLUSH_SECONDS)
            self._end(child)

    def kill(self) -> None:
        if self._child:
            self._end(self._child)

    def _start(self) -> subprocess.Popen[str]:
        program = shutil.which(self._program) or self._program
        values = {"env": shutil.which("env") or "env", "state": str(self._state), "mark": self._mark}
        driver = DRIVER.format(**{name: shlex.quote(value) for name, value in values.items()})
        for kind in (".environment", ".folder"):
            self._state.with_suffix(kind).unlink(missing_ok=True)
        child = subprocess.Popen(
            [program, "-c", driver],
            env=self.environment,
            cwd=self.folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        self._child, self._output = child, SimpleQueue()
        self._on_start(child.pid)
        threading.Thread(target=_forward, args=(_pipe(child.stdout), self._output), daemon=True).start()
        return child

    @property
    def _state(self) -> Path:
        return self._scratch / "shell"

    def _await(self, child: subprocess.Popen[str]) -> int:
        silence = 0.0
        while True:
            try:
                text = self._output.get(timeout=POLL_SECONDS)
            except Empty:
                silence = silence + POLL_SECONDS if child.poll() is not None else 0.0
                if self._must_end():
                    self._end(child)
                    return ENDED
                if silence < FLUSH_SECONDS:
                    continue
                text = None  # the shell has ended; a process that it started still holds the output
            if text is None:
                return self._status_of_ended(child)
            before, found, status = text.partition(self._mark)
            if before or not found:
                self._on_line(before.rstrip("\n"))
            if found:
                return int(status)
            if self._must_end():
                self._end(child)
                return ENDED

    def _status_of_ended(self, child: subprocess.Popen[str]) -> int:
        code = child.wait()
        self._end(child)
        return code if code >= 0 else 128 - code

    def _end(self, child: subprocess.Popen[str]) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        self._on_end(child.pid)
        with suppress(OSError):
            _pipe(child.stdin).close()
        self._read_state()
        self._child = None

    def _read_state(self) -> None:
        """The shell's last environment and directory: for the next shell, and for exported variables."""
        with suppress(OSError):
            text = self._state.with_suffix(".environment").read_text(errors="surrogateescape")
            pairs = (entry.partition("=") for entry in text.split("\0") if "=" in entry)
            self.environment = {name: value for name, _, value in pairs}
            folder = self._state.with_suffix(".folder").read_text().rstrip("\n")
            self.folder = folder if Path(folder).is_dir() else self.folder


def _forward(output: IO[str], to: SimpleQueue[str | None]) -> None:
    with output:
        for text in output:
            to.put(text)
    to.put(None)


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None  # noqa: S101 - it was opened with pipes
    return pipe
