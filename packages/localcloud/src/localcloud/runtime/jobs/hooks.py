"""What the runner calls while a job runs: its output and phases go out, requests to end it come in."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from localcloud.runtime.jobs.job import Job

DOWNLOADING, RUNNING, UPLOADING = "Downloading", "Running", "Uploading"


def _never() -> bool:
    return False


def _ignore(*_: object) -> None:
    return


def _no_registration(_job: Job, _pid: int, _container: str) -> AbstractContextManager[None]:
    return nullcontext()


@dataclass(frozen=True)
class JobHooks:
    """All are called on the job's own threads."""

    on_line: Callable[[str, str], None] = _ignore  # the instance (algo-1) and a line of its output
    on_phase: Callable[[str], None] = _ignore  # DOWNLOADING, RUNNING, UPLOADING
    stop_requested: Callable[[], bool] = _never  # SIGTERM, then SIGKILL
    interrupt_requested: Callable[[], bool] = _never  # the same, and only what a failure would upload is uploaded
    abandon_requested: Callable[[], bool] = _never  # SIGKILL at once, nothing is uploaded
    register: Callable[[Job, int, str], AbstractContextManager[None]] = _no_registration  # while the process runs
