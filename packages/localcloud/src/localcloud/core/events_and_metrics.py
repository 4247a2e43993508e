"""What services tell each other without knowing who listens: state-change events and metrics."""

from __future__ import annotations

import json
import uuid
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

Event = dict[str, Any]
KEPT = 1000


@dataclass(frozen=True)
class Datum:
    namespace: str
    name: str
    value: float
    dimensions: Mapping[str, str]
    unit: str
    at: datetime


class Signals:
    """Listeners are called on the teller's thread, perhaps under ``cloud.lock``: they take note and return."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.events: deque[Event] = deque(maxlen=KEPT)  # the last ones, as they were told
        self.metrics: deque[Datum] = deque(maxlen=KEPT)
        self._event_listeners: list[Callable[[Event], Any]] = []
        self._metric_listeners: list[Callable[[Datum], Any]] = []

    def on_event(self, listener: Callable[[Event], Any]) -> None:
        self._event_listeners.append(listener)

    def on_metric(self, listener: Callable[[Datum], Any]) -> None:
        self._metric_listeners.append(listener)

    def emit(self, source: str, detail_type: str, detail: Mapping[str, Any], resources: Sequence[str]) -> None:
        """An event of AWS's own on the default bus. A fault may drop or double it, which then has the same id."""
        event = {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": detail_type,
            "source": source,
            "account": self.cloud.account,
            "time": self.cloud.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": self.cloud.region,
            "resources": list(resources),
            "detail": json.loads(json.dumps(detail)),  # as it is now, whatever the teller does with it later
        }
        for _ in range(self.cloud.faults.next_event(detail_type)):
            self.events.append(event)
            for listener in self._event_listeners:
                listener(event)

    def metric(
        self,
        namespace: str,
        name: str,
        value: float,
        dimensions: Mapping[str, str],
        unit: str = "None",
        at: datetime | None = None,
    ) -> None:
        datum = Datum(namespace, name, float(value), dict(dimensions), unit, at or self.cloud.clock.now())
        self.metrics.append(datum)
        for listener in self._metric_listeners:
            listener(datum)

    def forget(self) -> None:
        self.events.clear()
        self.metrics.clear()
