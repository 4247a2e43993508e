"""Answers whose fleet is known, and what is counted of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

Fleet = Literal["new", "old"]


class Answer(NamedTuple):
    """One answer whose fleet is known: from its label, not guessed."""

    time: float  # seconds, by any clock
    fleet: Fleet
    status: int  # of HTTP; 504 for one that never came
    latency_ms: float
    cold: bool = False  # the first request of a worker

    @property
    def status_class(self) -> int:
        return self.status // 100


@dataclass
class FleetCount:
    answers: int = 0
    errors_5xx: int = 0
    errors_4xx: int = 0
    cold: int = 0
    slowest_cold_ms: float = 0.0

    def add(self, answer: Answer) -> None:
        self.answers += 1
        self.errors_5xx += answer.status_class == 5
        self.errors_4xx += answer.status_class == 4
        if answer.cold:
            self.cold += 1
            self.slowest_cold_ms = max(self.slowest_cold_ms, answer.latency_ms)

    @property
    def error_rate(self) -> float:
        """Of the more frequent class; never quite 0, as that is not known."""
        return (max(self.errors_5xx, self.errors_4xx) + 0.5) / (self.answers + 1)
