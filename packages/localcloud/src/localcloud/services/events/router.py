"""An event on a bus goes to the targets of all rules that match it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from localcloud.core.clock import Clock
from localcloud.services.events.buses import Buses
from localcloud.services.events.deliveries import Deliveries
from localcloud.services.events.entries import iso_time
from localcloud.services.events.invocation import Invocation
from localcloud.services.events.records import Rule
from localcloud.services.events.transform import Match


class Router:
    def __init__(self, clock: Clock, lock: Any, buses: Buses, deliveries: Deliveries) -> None:
        self._clock, self._lock, self._buses, self._deliveries = clock, lock, buses, deliveries

    def route(self, event: Mapping[str, Any], bus_name: str, *, forwarded: bool = False) -> bool:
        """From any thread. False when there is no such bus. ``forwarded``: it comes from another bus."""
        with self._lock:
            bus = self._buses.get(bus_name)
            for rule in bus.rules.values() if bus else ():
                if rule.enabled and rule.pattern and rule.pattern.matches(event):
                    self.deliver(rule, event, forwarded=forwarded)
        return bus is not None

    def deliver(self, rule: Rule, event: Mapping[str, Any], *, forwarded: bool = False) -> None:
        match = Match(event, rule.arn, rule.name, iso_time(self._clock.now()))
        for target in rule.targets.values():
            created = self._clock.seconds()
            self._deliveries.start(Invocation(str(uuid.uuid4()), target, match, created, forwarded))
