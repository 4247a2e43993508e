"""Handles SIGTERM between two batches or two rounds, so that no operation is interrupted.

A runner of local jobs sends it to stop a job. SageMaker sends it to the container's first process, a shell that does
not forward it: there a spot interruption ends in SIGKILL, and the next run resumes from the last regular checkpoint.
"""

from __future__ import annotations

import signal
from types import TracebackType
from typing import Any

from failures import UserError


class Termination:
    def __init__(self) -> None:
        self.requested = False

    def __enter__(self) -> Termination:
        self._before = signal.signal(signal.SIGTERM, self._note)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        signal.signal(signal.SIGTERM, self._before)

    def _note(self, *_: Any) -> None:
        self.requested = True

    def check(self) -> None:
        if self.requested:
            raise UserError("stopped by SIGTERM before a round was trained; start the job again to continue")
