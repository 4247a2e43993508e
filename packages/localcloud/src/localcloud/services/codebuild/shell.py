"""The commands of a build: each is a script in a shell of its own, as CodeBuild runs them.

The directory and the variables, exported or plain, carry over to the next command; shell options, functions and arrays
do not. A driver, one process for the whole build, starts the shells, so that a process which a command leaves in the
background lives until the build ends. It writes each exit status to the pipe of the output, so that no output is late.
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
# fd 8 is the driver's output: a command's own may be redirected
DRIVER = """
exec 8>&1
while IFS= read -r start; do
  (. "$start") </dev/null 8>&-
  printf '%s %s\\n' {mark} "$?" >&8
done
"""
START = "cd {folder} && exec {env} -i {variables} {program} {script}\n"
SCRIPT = """
set -a
trap '{env} -0 >{state}/environment; pwd >{state}/folder' EXIT
. {command}
"""
ENV = shutil.which("env") or "env"
NOT_KEPT = ("BASH_FUNC_", "SHELLOPTS=", "BASHOPTS=")  # `set -a` exports functions too


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
        state = self._scratch / f"command-{self._number}"
        state.mkdir()
        with suppress(BrokenPipeError):
            _pipe(child.stdin).write(f"{self._write_scripts(command, state)}\n")
            _pipe(child.stdin).flush()
        status = self._await(child)
        self._read_state(state)
        return status

    def _write_scripts(self, command: str, state: Path) -> Path:
        """Returns the file that the driver reads; the command is script.sh, the name that CodeBuild's messages have."""
        program = shutil.which(self._program) or self._program
        variables = [f"{name}={value}" for name, value in self.environment.items()]
        start, script, file = state / "start.sh", state / "shell.sh", state / "script.sh"
        words = {"folder": self.folder, "env": ENV, "program": program, "script": str(script), "state": str(state)}
        quoted = {name: shlex.quote(word) for name, word in words.items()}
        start.write_text(START.format(**quoted, variables=shlex.join(variables)), errors="surrogateescape")
        script.write_text(SCRIPT.format(**quoted, command=shlex.quote(str(file))))
        file.write_text(f"{command}\n")
        return start

    def end(self) -> None:
        """Ends the driver, and all that the commands have left in the background."""
        if self._child:
            self._end(self._child)

    def _start(self) -> subprocess.Popen[str]:
        child = subprocess.Popen(
            ["/bin/sh", "-c", DRIVER.format(mark=self._mark)],
            env=self.environment,
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
                text = None  # the driver was killed; another process still holds the output
            if text is None:
                return self._status_of_ended(child)
            before, mark, status = text.partition(self._mark)
            if before or not mark:
                self._on_line(before.rstrip("\n"))
            if mark:
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
        self._child = None

    def _read_state(self, state: Path) -> None:
        """A command that replaced its shell with another program has left none."""
        with suppress(OSError):
            text = (state / "environment").read_text(errors="surrogateescape")
            entries = [entry for entry in text.split("\0") if "=" in entry and not entry.startswith(NOT_KEPT)]
            self.environment = {name: value for name, _, value in (entry.partition("=") for entry in entries)}
            folder = (state / "folder").read_text().rstrip("\n")
            self.folder = folder if Path(folder).is_dir() else self.folder


def _forward(output: IO[str], to: SimpleQueue[str | None]) -> None:
    with output:
        for text in output:
            to.put(text)
    to.put(None)


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None  # noqa: S101 - it was opened with pipes
    return pipe
