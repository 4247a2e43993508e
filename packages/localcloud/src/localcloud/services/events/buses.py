"""Event buses: the default one of every account, and custom ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from localcloud.core import tags
from localcloud.core.clock import Clock
from localcloud.core.paging import paged
from localcloud.core.refusal import Refusal, not_implemented
from localcloud.core.service import Part, operation
from localcloud.services.events.records import Bus, Rule

DEFAULT = "default"
MAX_BUSES = 100
PAGING: dict[str, Any] = {"limit": 100, "size_key": "Limit"}
SETTINGS = ("Description", "KmsKeyIdentifier", "DeadLetterConfig", "LogConfig")


class Buses(Part):
    def __init__(self, clock: Clock, arn: Callable[[str, str], str]) -> None:
        self._clock, self._arn = clock, arn
        self._buses = {DEFAULT: self._new(DEFAULT)}

    def reset(self) -> None:
        for rule in self.rules():
            rule.stop()
        self._buses = {DEFAULT: self._new(DEFAULT)}

    def get(self, name: str) -> Bus | None:
        """By name or ARN."""
        return self._buses.get(_short(name))

    def find(self, request: dict[str, Any], key: str = "EventBusName") -> Bus:
        """The bus that a request names; the default one when it names none."""
        name = request.get(key, DEFAULT)
        bus = self.get(name)
        if not bus:
            raise Refusal("ResourceNotFoundException", f"Event bus {_short(name)} does not exist.")
        return bus

    def rules(self) -> Iterator[Rule]:
        for bus in self._buses.values():
            yield from bus.rules.values()

    def tags_of(self, arn: str) -> dict[str, str]:
        """Of a bus or a rule."""
        resources: list[Bus | Rule] = [*self._buses.values(), *self.rules()]
        for resource in resources:
            if resource.arn == arn:
                return resource.tags
        kind, _, name = arn.rpartition(":")[2].partition("/")
        if kind != "rule":
            raise Refusal("ResourceNotFoundException", f"Event bus {name or arn} does not exist.")
        bus, _, rule = name.rpartition("/")
        raise Refusal("ResourceNotFoundException", f"Rule {rule} does not exist on EventBusName {bus or DEFAULT}.")

    @operation("CreateEventBus")
    def create_event_bus(self, request: dict[str, Any]) -> dict[str, Any]:
        name = request["Name"]
        if "EventSourceName" in request:
            raise not_implemented("A partner event source")
        if "/" in name:
            raise Refusal("ValidationException", "Event bus name must not contain '/'.")
        if name in self._buses:
            raise Refusal("ResourceAlreadyExistsException", f"Event bus {name} already exists.")
        if len(self._buses) >= MAX_BUSES:
            raise Refusal("LimitExceededException", "The requested resource exceeds the maximum number allowed.")
        bus = self._new(name)
        bus.settings, bus.tags = _settings(request), tags.as_dict(request.get("Tags"))
        self._buses[name] = bus
        return {"EventBusArn": bus.arn, **bus.settings}

    @operation("DescribeEventBus")
    def describe_event_bus(self, request: dict[str, Any]) -> dict[str, Any]:
        return self.find(request, "Name").describe()

    @operation("UpdateEventBus")
    def update_event_bus(self, request: dict[str, Any]) -> dict[str, Any]:
        bus = self.find(request, "Name")
        bus.settings |= _settings(request)
        bus.modified = self._clock.now()
        return {"Arn": bus.arn, "Name": bus.name, **bus.settings}

    @operation("ListEventBuses")
    def list_event_buses(self, request: dict[str, Any]) -> dict[str, Any]:
        prefix = request.get("NamePrefix", "")
        buses = [bus.describe() for name, bus in sorted(self._buses.items()) if name.startswith(prefix)]
        return paged(buses, request, "EventBuses", **PAGING)

    @operation("DeleteEventBus")
    def delete_event_bus(self, request: dict[str, Any]) -> None:
        """Deleting a bus that does not exist is not an error."""
        name = _short(request["Name"])
        if name == DEFAULT:
            raise Refusal("ValidationException", f"Cannot delete event bus {DEFAULT}.")
        if name in self._buses and self._buses[name].rules:
            raise Refusal("ValidationException", "Event bus can't be deleted since it has rules.")
        self._buses.pop(name, None)

    def _new(self, name: str) -> Bus:
        return Bus(name, self._arn("events", f"event-bus/{name}"), self._clock.now())


def _short(name: str) -> str:
    return name.rpartition(":event-bus/")[2]


def _settings(request: dict[str, Any]) -> dict[str, Any]:
    return {name: request[name] for name in SETTINGS if name in request}
