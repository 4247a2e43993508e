"""SIGTERM as a question asked between two batches or two rounds, so that nothing is ever cut in the middle.

A runner of local jobs sends it to stop a job. SageMaker sends it to the container's first process, a shell that does
not pass it on: there a spot interruption ends in SIGKILL, and the last regular checkpoint is what the next run finds.
"""

from __future__ import annotations

import signal
from types import TracebackType
from typing import Any

from failures import Refused


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
            raise Refused("stopped by SIGTERM before a round was trained; start the job again to go on")
