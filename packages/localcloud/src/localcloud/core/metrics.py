"""Metrics that services report to CloudWatch."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from localcloud.core.clock import Clock

KEPT = 1000


@dataclass(frozen=True)
class Datum:
    namespace: str
    name: str
    value: float
    dimensions: Mapping[str, str]
    unit: str
    at: datetime


class MetricEmitter:
    """Subscribers are called on the emitter's thread, perhaps under ``cloud.lock``: they take note and return."""

    def __init__(self, clock: Clock) -> None:
        self.recent: deque[Datum] = deque(maxlen=KEPT)
        self._clock = clock
        self._subscribers: list[Callable[[Datum], Any]] = []

    def subscribe(self, subscriber: Callable[[Datum], Any]) -> None:
        self._subscribers.append(subscriber)

    def emit(
        self,
        namespace: str,
        name: str,
        value: float,
        dimensions: Mapping[str, str],
        unit: str = "None",
        at: datetime | None = None,
    ) -> None:
        datum = Datum(namespace, name, float(value), dict(dimensions), unit, at or self._clock.now())
        self.recent.append(datum)
        for subscriber in self._subscribers:
            subscriber(datum)
