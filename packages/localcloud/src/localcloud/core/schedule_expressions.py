"""When something with a time zone is due: ``at(2026-11-21T08:00:00)``, ``rate(5 minutes)``, ``cron(0 8 * * ? *)``.

Over the schedules of EventBridge rules, which know UTC alone. As AWS documents it, a time that the change to summer
time leaves out is skipped, and an hour that comes twice counts once. Pure.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from localcloud.core.rate_and_cron import NoSchedule, Rate, Schedule, parse

AT = re.compile(r"at\((\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})\)")


class Once:
    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def after(self, moment: datetime) -> datetime | None:
        return self.moment if self.moment > moment else None


class Zoned:
    """A schedule of wall-clock times somewhere."""

    def __init__(self, schedule: Schedule, zone: ZoneInfo) -> None:
        self.schedule, self.zone = schedule, zone

    def after(self, moment: datetime) -> datetime | None:
        wall = self.schedule.after(moment.astimezone(self.zone).replace(tzinfo=UTC))
        while wall:
            due = wall.replace(tzinfo=self.zone).astimezone(UTC)
            exists = due.astimezone(self.zone).replace(tzinfo=UTC) == wall
            if exists and due > moment:
                return due
            wall = self.schedule.after(wall)
        return None


def timetable(expression: str, zone: str = "UTC") -> Schedule:
    """A NoSchedule says why AWS would not take it."""
    place = zone_named(zone)
    if at := AT.fullmatch(expression):
        return Once(_moment(at[1], place))
    if expression.startswith("at("):
        raise NoSchedule("at(yyyy-mm-ddThh:mm:ss) is needed")
    schedule = parse(expression)
    return schedule if isinstance(schedule, Rate) else Zoned(schedule, place)


def zone_named(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # KeyError: there is none; the others: it is no name
        raise NoSchedule(f"{name} is no time zone") from None


def _moment(text: str, zone: ZoneInfo) -> datetime:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        raise NoSchedule(f"{text} is no date and time") from None


def following(schedule: Schedule, moment: datetime, begin: datetime | None, end: datetime | None) -> datetime | None:
    """The first time later than ``moment``, not before ``begin``, not after ``end``. A rate counts from ``begin``."""
    if begin and isinstance(schedule, Rate):
        passed = (moment - begin) // schedule.interval + 1 if moment >= begin else 0
        due: datetime | None = begin + passed * schedule.interval
    else:
        due = schedule.after(max(moment, begin - timedelta(microseconds=1)) if begin else moment)
    return due if due and (not end or due <= end) else None
