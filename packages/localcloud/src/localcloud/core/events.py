"""State-change events of AWS services, as EventBridge receives them on the default bus."""

from __future__ import annotations

import json
import uuid
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from localcloud.core.clock import Clock
from localcloud.core.faults import Faults

Event = dict[str, Any]
KEPT = 1000


class EventEmitter:
    """Subscribers are called on the emitter's thread, perhaps under ``cloud.lock``: they take note and return."""

    def __init__(self, clock: Clock, faults: Faults, account: str, region: str) -> None:
        self.recent: deque[Event] = deque(maxlen=KEPT)
        self._clock, self._faults, self._account, self._region = clock, faults, account, region
        self._subscribers: list[Callable[[Event], Any]] = []

    def subscribe(self, subscriber: Callable[[Event], Any]) -> None:
        self._subscribers.append(subscriber)

    def emit(self, source: str, detail_type: str, detail: Mapping[str, Any], resources: Sequence[str]) -> None:
        """A fault may drop the event or deliver it twice, then with the same id."""
        event = {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": detail_type,
            "source": source,
            "account": self._account,
            "time": self._clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": self._region,
            "resources": list(resources),
            "detail": json.loads(json.dumps(detail)),  # as it is now: the emitter may change it later
        }
        for _ in range(self._faults.next_event(detail_type)):
            self.recent.append(event)
            for subscriber in self._subscribers:
                subscriber(event)
