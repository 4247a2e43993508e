"""What the service remembers of a schedule."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from localcloud.core.clock import Timer
from localcloud.core.rate_and_cron import Schedule as Timetable

ENABLED = "ENABLED"


@dataclass
class Schedule:
    name: str
    group: str
    arn: str
    said: dict[str, Any]  # as it was put last, with AWS's defaults
    timetable: Timetable
    created: datetime
    modified: datetime
    timer: Timer | None = None

    @property
    def enabled(self) -> bool:
        return bool(self.said["State"] == ENABLED)

    def stop(self) -> None:
        if self.timer:
            self.timer.cancel()
            self.timer = None

    def told(self) -> dict[str, Any]:
        times = {"CreationDate": self.created, "LastModificationDate": self.modified}
        return {"Arn": self.arn, "Name": self.name, "GroupName": self.group, **self.said, **times}

    def summary(self) -> dict[str, Any]:
        told = self.told()
        names = ("Arn", "Name", "GroupName", "State", "CreationDate", "LastModificationDate")
        return {**{name: told[name] for name in names}, "Target": {"Arn": self.said["Target"]["Arn"]}}
