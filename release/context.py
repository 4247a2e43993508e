"""One environment to act in: its settings, its clients, and where to report progress."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from aws.refusals import is_transient
from settings.model import Settings

T = TypeVar("T")
ATTEMPTS, GROWTH = 6, 2.0  # on top of boto3's own retries


@dataclass(frozen=True)
class Timing:
    """Intervals in real seconds, also where AWS's clock runs faster."""

    first_poll: float = 0.2
    longest_poll: float = 5.0
    first_retry: float = 0.5
    heartbeat: float = 2.0  # of the lease
    lease_timeout: float = 15.0  # a lease that does not change for so long has no owner any more


TIMING = Timing()


@dataclass(frozen=True)
class Context:
    settings: Settings
    client: Callable[[str], Any]
    say: Callable[[str], None]
    timing: Timing = field(default_factory=lambda: TIMING)
    sleep: Callable[[float], None] = time.sleep

    @property
    def endpoint_name(self) -> str:
        return self.settings.endpoint_name

    @property
    def releases(self) -> str:
        """The key prefix of all records of this endpoint."""
        return f"{self.settings.project.name}/releases/{self.endpoint_name}"

    def retry(self, call: Callable[[], T]) -> T:
        """Repeats the call, with growing waits, while it is throttled or the network fails."""
        wait = self.timing.first_retry
        for _ in range(ATTEMPTS - 1):
            try:
                return call()
            except Exception as error:
                if not is_transient(error):
                    raise
            self.sleep(wait)
            wait *= GROWTH
        return call()
