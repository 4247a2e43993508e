"""How the outside follows a job, and ends it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from localcloud.runtime.jobs.job import Job

DOWNLOADING, RUNNING, UPLOADING = "Downloading", "Running", "Uploading"


def _never() -> bool:
    return False


def _ignored(*_: object) -> None:
    return


def _unrecorded(_job: Job, _pid: int, _container: str) -> AbstractContextManager[None]:
    return nullcontext()


@dataclass(frozen=True)
class Watch:
    """Everything is called on the job's own threads."""

    line: Callable[[str, str], None] = _ignored  # the instance (algo-1) and what it printed
    phase: Callable[[str], None] = _ignored  # DOWNLOADING, RUNNING, UPLOADING
    stop: Callable[[], bool] = _never  # SIGTERM, then SIGKILL
    interrupted: Callable[[], bool] = _never  # the same, and only what a failure leaves is kept
    abandoned: Callable[[], bool] = _never  # SIGKILL at once, nothing is kept
    recorded: Callable[[Job, int, str], AbstractContextManager[None]] = _unrecorded  # while the process runs
