"""What EventBridge stores: buses, their rules, and the rules' targets."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from localcloud.core.clock import Timer
from localcloud.core.schedule_expressions import ScheduleExpression
from localcloud.services.events.patterns import Fields

DESCRIBED = ("EventPattern", "ScheduleExpression", "Description", "RoleArn")
DISABLED = "DISABLED"


@dataclass
class Rule:
    name: str
    arn: str
    bus: str
    settings: dict[str, Any]  # PutRule's request
    state: str
    pattern: Fields | None
    schedule: ScheduleExpression | None
    targets: dict[str, dict[str, Any]] = field(default_factory=dict)  # by Id
    tags: dict[str, str] = field(default_factory=dict)
    managed_by: str = ""  # the AWS service whose rule it is
    timer: Timer | None = None

    @property
    def enabled(self) -> bool:
        return self.state != DISABLED

    def stop(self) -> None:
        if self.timer:
            self.timer.cancel()
            self.timer = None

    def describe(self) -> dict[str, Any]:
        identity = {"Name": self.name, "Arn": self.arn, "EventBusName": self.bus, "State": self.state}
        managed = {"ManagedBy": self.managed_by} if self.managed_by else {}
        return identity | {name: self.settings[name] for name in DESCRIBED if name in self.settings} | managed


@dataclass
class Bus:
    name: str
    arn: str
    created: datetime
    settings: dict[str, Any] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    rules: dict[str, Rule] = field(default_factory=dict)
    modified: datetime | None = None

    def describe(self) -> dict[str, Any]:
        times = {"CreationTime": self.created, "LastModifiedTime": self.modified or self.created}
        return {"Name": self.name, "Arn": self.arn, **times, **self.settings}
