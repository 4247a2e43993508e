"""What EventBridge Scheduler stores: groups and their schedules."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from localcloud.core.clock import Timer
from localcloud.core.schedule_expressions import ScheduleExpression

ENABLED = "ENABLED"
SUMMARY = ("Arn", "Name", "GroupName", "State", "CreationDate", "LastModificationDate")


@dataclass
class Schedule:
    name: str
    group: str
    arn: str
    settings: dict[str, Any]  # of the last request, with AWS's defaults
    expression: ScheduleExpression
    created: datetime
    modified: datetime
    timer: Timer | None = None

    @property
    def enabled(self) -> bool:
        return bool(self.settings["State"] == ENABLED)

    def stop(self) -> None:
        if self.timer:
            self.timer.cancel()
            self.timer = None

    def describe(self) -> dict[str, Any]:
        times = {"CreationDate": self.created, "LastModificationDate": self.modified}
        return {"Arn": self.arn, "Name": self.name, "GroupName": self.group, **self.settings, **times}

    def summarize(self) -> dict[str, Any]:
        members = self.describe()
        return {**{name: members[name] for name in SUMMARY}, "Target": {"Arn": self.settings["Target"]["Arn"]}}


@dataclass
class Group:
    name: str
    arn: str
    created: datetime
    modified: datetime
    tags: dict[str, str] = field(default_factory=dict)
    schedules: dict[str, Schedule] = field(default_factory=dict)

    def stop(self) -> None:
        for schedule in self.schedules.values():
            schedule.stop()

    def describe(self) -> dict[str, Any]:
        times = {"CreationDate": self.created, "LastModificationDate": self.modified}
        return {"Arn": self.arn, "Name": self.name, "State": "ACTIVE", **times}
