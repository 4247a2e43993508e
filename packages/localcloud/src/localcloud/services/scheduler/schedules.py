"""Schedules and their operations, on the clock.

Not reproduced: flexible time windows (a schedule with one is invoked at its beginning), and that AWS's precision is a
minute. A one-time schedule in the past is never invoked.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from localcloud.core.paging import paged
from localcloud.core.rate_and_cron import NoSchedule, Rate
from localcloud.core.rate_and_cron import Schedule as Timetable
from localcloud.core.refusal import Refusal
from localcloud.core.schedule_expressions import following, timetable
from localcloud.core.service import operation
from localcloud.services.scheduler.groups import DEFAULT, PAGE, Group, Groups, absent, with_token
from localcloud.services.scheduler.records import ENABLED, Schedule
from localcloud.services.scheduler.targets import check

DEFAULTS = {"State": ENABLED, "ScheduleExpressionTimezone": "UTC", "ActionAfterCompletion": "NONE"}
RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
NOT_SAID = ("Name", "GroupName", "ClientToken")
RETRIES = {"MaximumEventAgeInSeconds": 86_400, "MaximumRetryAttempts": 185}  # AWS's defaults


class Schedules(Groups):
    @abstractmethod
    def invoke(self, schedule: Schedule, due: datetime) -> None:
        """It is time."""

    def forget(self, group: Group, schedule: Schedule) -> None:
        schedule.stop()
        group.schedules.pop(schedule.name, None)

    @operation("CreateSchedule")
    def create_schedule(self, request: dict[str, Any]) -> dict[str, Any]:
        asked = with_token(request)
        if asked and (known := self.tokens.answer("CreateSchedule", asked)):
            return known
        group, name = self.find_group(request.get("GroupName", DEFAULT)), request["Name"]
        if name in group.schedules:
            raise Refusal("ConflictException", f"Schedule {name} already exists.", 409)
        answer = self._put(group, name, request)
        return self.tokens.remember("CreateSchedule", asked, answer) if asked else answer

    @operation("UpdateSchedule")
    def update_schedule(self, request: dict[str, Any]) -> dict[str, Any]:
        """Replaces it: what is not said is as if it never was."""
        group, schedule = self._find(request)
        return self._put(group, schedule.name, request)

    @operation("GetSchedule")
    def get_schedule(self, request: dict[str, Any]) -> dict[str, Any]:
        return self._find(request)[1].told()

    @operation("DeleteSchedule")
    def delete_schedule(self, request: dict[str, Any]) -> None:
        self.forget(*self._find(request))

    @operation("ListSchedules")
    def list_schedules(self, request: dict[str, Any]) -> dict[str, Any]:
        groups = [self.find_group(request["GroupName"])] if "GroupName" in request else self.groups.values()
        found = [
            schedule.summary()
            for group in sorted(groups, key=lambda group: group.name)
            for name, schedule in sorted(group.schedules.items())
            if name.startswith(request.get("NamePrefix", ""))
            and schedule.said["State"] == request.get("State", schedule.said["State"])
        ]
        return paged(found, request, "Schedules", limit=PAGE)

    def _find(self, request: dict[str, Any]) -> tuple[Group, Schedule]:
        group, name = self.find_group(request.get("GroupName", DEFAULT)), request["Name"]
        if name not in group.schedules:
            raise absent(f"Schedule {name} does not exist.")
        return group, group.schedules[name]

    def _put(self, group: Group, name: str, request: dict[str, Any]) -> dict[str, Any]:
        said = {**DEFAULTS, **{key: value for key, value in request.items() if key not in NOT_SAID}}
        said["Target"] = {**said["Target"], "RetryPolicy": {**RETRIES, **said["Target"].get("RetryPolicy", {})}}
        times = _checked(said, self.cloud.clock.now())
        check(self.cloud, said["Target"])
        known, now = group.schedules.get(name), self.cloud.clock.now()
        if known:
            known.stop()
        arn = self.cloud.arn("scheduler", f"schedule/{group.name}/{name}")
        schedule = Schedule(name, group.name, arn, said, times, known.created if known else now, now)
        group.schedules[name] = schedule
        if schedule.enabled:
            self._plan(schedule, now - timedelta(microseconds=1))
        return {"ScheduleArn": arn}

    def _plan(self, schedule: Schedule, since: datetime) -> bool:
        """A rate that has no StartDate begins at once."""
        begin = schedule.said.get("StartDate")
        if isinstance(schedule.timetable, Rate):
            begin = begin or schedule.modified
        due = following(schedule.timetable, since, begin, schedule.said.get("EndDate"))
        schedule.timer = self.cloud.clock.at(due.timestamp(), partial(self._due, schedule, due)) if due else None
        return due is not None

    def _due(self, schedule: Schedule, due: datetime) -> None:
        with self.cloud.lock:
            if not schedule.timer:
                return  # it was stopped while this waited for the lock
            again = self._plan(schedule, due)
            self.invoke(schedule, due)
            if not again and schedule.said["ActionAfterCompletion"] == "DELETE":
                self.forget(self.groups[schedule.group], schedule)


def _checked(said: dict[str, Any], now: datetime) -> Timetable:
    window, start, end = said["FlexibleTimeWindow"], said.get("StartDate"), said.get("EndDate")
    flexible = window["Mode"] == "FLEXIBLE"
    if flexible != ("MaximumWindowInMinutes" in window):
        sentence = "MaximumWindowInMinutes belongs to FlexibleTimeWindow with the Mode FLEXIBLE, and only there."
        raise Refusal("ValidationException", sentence)
    if end and end <= (start or now):
        sentence = "The EndDate you specify must come after the StartDate and must not lie in the past."
        raise Refusal("ValidationException", sentence)
    try:
        return timetable(_in_number(said["ScheduleExpression"]), said["ScheduleExpressionTimezone"])
    except NoSchedule as problem:
        sentence = f"Invalid Schedule Expression {said['ScheduleExpression']}: {problem}."
        raise Refusal("ValidationException", sentence) from None


def _in_number(expression: str) -> str:
    """Unlike a rule of EventBridge, Scheduler takes rate(1 hours) and rate(5 minute) as well."""
    return RATE.sub(lambda rate: f"rate({rate[1]} {rate[2]}{'' if rate[1] == '1' else 's'})", expression)
