"""Schedule expressions: ``rate(5 minutes)``, ``cron(0 8 ? * MON-FRI *)``, ``at(2026-11-21T08:00:00)``. Pure.

Rules of EventBridge take rate and cron, in UTC (``parse_rate_or_cron``); Scheduler and Application Auto Scaling take
all three, with a time zone (``parse``). As AWS documents it, a local time that the change to summer time skips is
skipped, and one that occurs twice counts once. The fields of cron are in cron.py.

AWS does not say when a rate begins: here it first fires one interval after the moment that ``after`` is given.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from localcloud.core.cron import Cron, InvalidSchedule

RATE = re.compile(r"rate\(([1-9][0-9]{0,8}) (minute|hour|day)(s?)\)")
CRON = re.compile(r"cron\((.+)\)")
AT = re.compile(r"at\((\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})\)")


class ScheduleExpression(Protocol):
    def after(self, moment: datetime) -> datetime | None:
        """The first firing later than ``moment``; None when there is none."""


class Rate:
    def __init__(self, interval: timedelta) -> None:
        self.interval = interval

    def after(self, moment: datetime) -> datetime | None:
        try:
            return moment + self.interval
        except OverflowError:
            return None


class Once:
    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def after(self, moment: datetime) -> datetime | None:
        return self.moment if self.moment > moment else None


class Zoned:
    """Wall-clock times of a time zone."""

    def __init__(self, expression: ScheduleExpression, zone: ZoneInfo) -> None:
        self.expression, self.zone = expression, zone

    def after(self, moment: datetime) -> datetime | None:
        wall = self.expression.after(moment.astimezone(self.zone).replace(tzinfo=UTC))
        while wall:
            due = wall.replace(tzinfo=self.zone).astimezone(UTC)
            exists = due.astimezone(self.zone).replace(tzinfo=UTC) == wall
            if exists and due > moment:
                return due
            wall = self.expression.after(wall)
        return None


def parse_rate_or_cron(text: str) -> Rate | Cron:
    """In UTC. InvalidSchedule says why AWS refuses the expression."""
    if rate := RATE.fullmatch(text):
        number, unit, plural = int(rate[1]), rate[2], rate[3]
        if (number == 1) == bool(plural):
            raise InvalidSchedule("it is 1 minute, but 2 minutes")
        return Rate(timedelta(**{f"{unit}s": number}))
    fields = cron[1].split() if (cron := CRON.fullmatch(text)) else []
    if len(fields) != 6:
        raise InvalidSchedule("rate(value unit), or cron with six fields, is needed")
    return Cron([field.upper() for field in fields])


def parse(text: str, zone: str = "UTC") -> ScheduleExpression:
    """In a time zone. InvalidSchedule says why AWS refuses the expression."""
    zone_info = _zone_info(zone)
    if at := AT.fullmatch(text):
        return Once(_moment(at[1], zone_info))
    if text.startswith("at("):
        raise InvalidSchedule("at(yyyy-mm-ddThh:mm:ss) is needed")
    expression = parse_rate_or_cron(text)
    return expression if isinstance(expression, Rate) else Zoned(expression, zone_info)


def next_due(
    expression: ScheduleExpression, moment: datetime, begin: datetime | None, end: datetime | None
) -> datetime | None:
    """The first firing later than ``moment``, between ``begin`` and ``end``. A rate counts from ``begin``."""
    if begin and isinstance(expression, Rate):
        passed = (moment - begin) // expression.interval + 1 if moment >= begin else 0
        due: datetime | None = begin + passed * expression.interval
    else:
        due = expression.after(max(moment, begin - timedelta(microseconds=1)) if begin else moment)
    return due if due and (not end or due <= end) else None


def _zone_info(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # KeyError: no such zone; the others: not a name
        raise InvalidSchedule(f"{name} is not a time zone") from None


def _moment(text: str, zone: ZoneInfo) -> datetime:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidSchedule(f"{text} is not a date and time") from None
