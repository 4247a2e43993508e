"""Event buses: the one that every account has, and one's own."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from localcloud.core.paging import paged
from localcloud.core.refusal import Refusal
from localcloud.core.service import Service, operation

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud
    from localcloud.services.events.rules import Rule

DEFAULT = "default"
MOST_BUSES = 100
PAGE = 100
SETTINGS = ("Description", "KmsKeyIdentifier", "DeadLetterConfig", "LogConfig")


@dataclass
class Bus:
    name: str
    arn: str
    created: datetime
    settings: dict[str, Any] = field(default_factory=dict)
    rules: dict[str, Rule] = field(default_factory=dict)
    modified: datetime | None = None

    def told(self) -> dict[str, Any]:
        times = {"CreationTime": self.created, "LastModifiedTime": self.modified or self.created}
        return {"Name": self.name, "Arn": self.arn, **times, **self.settings}


class Buses(Service):
    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self.tags: dict[str, dict[str, str]] = {}  # of buses and rules, by ARN
        self.buses = {DEFAULT: self._new_bus(DEFAULT)}

    def reset(self) -> None:
        self.tags.clear()
        self.buses = {DEFAULT: self._new_bus(DEFAULT)}

    def bus(self, request: dict[str, Any], key: str = "EventBusName") -> Bus:
        """By name or ARN; the default one when the request names none."""
        name = request.get(key, DEFAULT).rpartition(":event-bus/")[2]
        if name not in self.buses:
            raise Refusal("ResourceNotFoundException", f"Event bus {name} does not exist.")
        return self.buses[name]

    @operation("CreateEventBus")
    def create_event_bus(self, request: dict[str, Any]) -> dict[str, Any]:
        name = request["Name"]
        if "EventSourceName" in request:
            raise Refusal("NotImplementedByLocalcloud", "localcloud has no partner event sources.")
        if "/" in name:
            raise Refusal("ValidationException", "Event bus name must not contain '/'.")
        if name in self.buses:
            raise Refusal("ResourceAlreadyExistsException", f"Event bus {name} already exists.")
        if len(self.buses) >= MOST_BUSES:
            raise Refusal("LimitExceededException", "The requested resource exceeds the maximum number allowed.")
        bus = self._new_bus(name)
        bus.settings = _settings(request)
        self.buses[name] = bus
        self.tags[bus.arn] = {tag["Key"]: tag["Value"] for tag in request.get("Tags", [])}
        return {"EventBusArn": bus.arn, **bus.settings}

    @operation("DescribeEventBus")
    def describe_event_bus(self, request: dict[str, Any]) -> dict[str, Any]:
        return self.bus(request, "Name").told()

    @operation("UpdateEventBus")
    def update_event_bus(self, request: dict[str, Any]) -> dict[str, Any]:
        bus = self.bus(request, "Name")
        bus.settings |= _settings(request)
        bus.modified = self.cloud.clock.now()
        return {"Arn": bus.arn, "Name": bus.name, **bus.settings}

    @operation("ListEventBuses")
    def list_event_buses(self, request: dict[str, Any]) -> dict[str, Any]:
        prefix = request.get("NamePrefix", "")
        found = [bus.told() for _, bus in sorted(self.buses.items()) if bus.name.startswith(prefix)]
        return paged(found, request, "EventBuses", limit=PAGE, size_key="Limit")

    @operation("DeleteEventBus")
    def delete_event_bus(self, request: dict[str, Any]) -> None:
        """Deleting what is not there is no error."""
        name = request["Name"].rpartition(":event-bus/")[2]
        if name == DEFAULT:
            raise Refusal("ValidationException", f"Cannot delete event bus {DEFAULT}.")
        if name in self.buses:
            if self.buses[name].rules:
                raise Refusal("ValidationException", "Event bus can't be deleted since it has rules.")
            self.tags.pop(self.buses.pop(name).arn, None)

    def _new_bus(self, name: str) -> Bus:
        return Bus(name, self.cloud.arn("events", f"event-bus/{name}"), self.cloud.clock.now())


def _settings(request: dict[str, Any]) -> dict[str, Any]:
    return {name: request[name] for name in SETTINGS if name in request}
