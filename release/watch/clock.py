"""How fast AWS's clock runs: one second in a second, except beside a local server whose clock is faster."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

LEAST = 10  # of AWS's seconds that an estimate needs: its responses have whole seconds
REAL = 1.5  # an estimate up to here is real time, measured roughly


class AwsClock:
    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._began: tuple[datetime, float] | None = None
        self.speed = 1.0

    def observe(self, at: datetime) -> None:
        """``at``: the time of a response of AWS that came just now."""
        self._began = self._began or (at, self._now())
        aws, real = (at - self._began[0]).total_seconds(), self._now() - self._began[1]
        if aws >= LEAST and real > 0:
            self.speed = aws / real if aws / real > REAL else 1.0


class Deadline:
    """Some seconds by AWS's clock, and some real ones: beside a fast clock the machine needs time for what it does."""

    least_real = 30.0

    def __init__(self, seconds: float, now: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._now, self._real = seconds, now, now()
        self._began: datetime | None = None

    def elapsed(self, at: datetime) -> float:
        """By AWS's clock, since the first call."""
        self._began = self._began or at
        return (at - self._began).total_seconds()

    def passed(self, at: datetime) -> bool:
        return self.elapsed(at) > self._seconds and self._now() - self._real > min(self._seconds, self.least_real)
