"""One environment to act in: its settings, its clients, and where to say what happens."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from aws.refusals import is_transient
from settings.model import Settings

T = TypeVar("T")
ATTEMPTS, GROWTH = 6, 2.0  # on top of boto3's own


@dataclass(frozen=True)
class Pace:
    """Real seconds."""

    first_poll: float = 0.2
    longest_poll: float = 5.0
    first_retry: float = 0.5
    beat: float = 2.0  # of the lease
    patience: float = 15.0  # a lease that rests so long has no owner any more


PACE = Pace()


@dataclass(frozen=True)
class Site:
    settings: Settings
    client: Callable[[str], Any]
    say: Callable[[str], None]
    pace: Pace = field(default_factory=lambda: PACE)
    sleep: Callable[[float], None] = time.sleep

    @property
    def endpoint(self) -> str:
        return self.settings.endpoint_name

    @property
    def releases(self) -> str:
        """What the keys of all records of this endpoint begin with."""
        return f"{self.settings.project.name}/releases/{self.endpoint}"

    def patiently(self, ask: Callable[[], T]) -> T:
        """Throttling, and a network that comes and goes, are waited out."""
        wait = self.pace.first_retry
        for _ in range(ATTEMPTS - 1):
            try:
                return ask()
            except Exception as error:
                if not is_transient(error):
                    raise
            self.sleep(wait)
            wait *= GROWTH
        return ask()
