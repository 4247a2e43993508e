"""Schedules, on the clock.

Not reproduced: flexible time windows (a schedule with one is invoked at its beginning), and AWS's precision of one
minute. A one-time schedule in the past is never invoked.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from localcloud.core.cloud import Cloud
from localcloud.core.cron import InvalidSchedule
from localcloud.core.paging import paged
from localcloud.core.refusal import Refusal
from localcloud.core.schedule_expressions import Rate, ScheduleExpression, next_due, parse
from localcloud.core.service import Part, operation
from localcloud.core.tokens import Tokens
from localcloud.services.scheduler.groups import DEFAULT, PAGE, Groups, absent
from localcloud.services.scheduler.records import ENABLED, Group, Schedule

DEFAULTS = {"State": ENABLED, "ScheduleExpressionTimezone": "UTC", "ActionAfterCompletion": "NONE"}
RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
NOT_SETTINGS = ("Name", "GroupName", "ClientToken")
RETRIES = {"MaximumEventAgeInSeconds": 86_400, "MaximumRetryAttempts": 185}  # AWS's defaults
Invoke = Callable[[Schedule, datetime], None]


class Schedules(Part):
    def __init__(
        self,
        cloud: Cloud,
        groups: Groups,
        tokens: Tokens,
        check_target: Callable[[dict[str, Any], str], None],
        invoke: Invoke,
    ) -> None:
        self._clock, self._lock, self._arn = cloud.clock, cloud.lock, cloud.arn
        self._groups, self._tokens, self._check_target, self._invoke = groups, tokens, check_target, invoke

    @operation("CreateSchedule")
    def create_schedule(self, request: dict[str, Any]) -> dict[str, Any]:
        return self._tokens.once("CreateSchedule", request, self._create)

    def _create(self, request: dict[str, Any]) -> dict[str, Any]:
        group, name = self._groups.find(request.get("GroupName", DEFAULT)), request["Name"]
        if name in group.schedules:
            raise Refusal("ConflictException", f"Schedule {name} already exists.", 409)
        return self._put(group, name, request)

    @operation("UpdateSchedule")
    def update_schedule(self, request: dict[str, Any]) -> dict[str, Any]:
        """Replaces it: members that are left out get their defaults."""
        group, schedule = self._find(request)
        return self._put(group, schedule.name, request)

    @operation("GetSchedule")
    def get_schedule(self, request: dict[str, Any]) -> dict[str, Any]:
        return self._find(request)[1].describe()

    @operation("DeleteSchedule")
    def delete_schedule(self, request: dict[str, Any]) -> None:
        _delete(*self._find(request))

    @operation("ListSchedules")
    def list_schedules(self, request: dict[str, Any]) -> dict[str, Any]:
        groups = [self._groups.find(request["GroupName"])] if "GroupName" in request else self._groups.all()
        summaries = [
            schedule.summarize()
            for group in groups
            for name, schedule in sorted(group.schedules.items())
            if name.startswith(request.get("NamePrefix", ""))
            and schedule.settings["State"] == request.get("State", schedule.settings["State"])
        ]
        return paged(summaries, request, "Schedules", limit=PAGE)

    def _find(self, request: dict[str, Any]) -> tuple[Group, Schedule]:
        group, name = self._groups.find(request.get("GroupName", DEFAULT)), request["Name"]
        if name not in group.schedules:
            raise absent(f"Schedule {name} does not exist.")
        return group, group.schedules[name]

    def _put(self, group: Group, name: str, request: dict[str, Any]) -> dict[str, Any]:
        now, settings = self._clock.now(), _settings(request)
        expression = _expression(settings, now)
        self._check_target(settings["Target"], group.arn)
        existing = group.schedules.get(name)
        if existing:
            existing.stop()
        arn = self._arn("scheduler", f"schedule/{group.name}/{name}")
        created = existing.created if existing else now
        schedule = Schedule(name, group.name, arn, settings, expression, created, now)
        group.schedules[name] = schedule
        if schedule.enabled:
            self._set_timer(group, schedule, now - timedelta(microseconds=1))
        return {"ScheduleArn": arn}

    def _set_timer(self, group: Group, schedule: Schedule, since: datetime) -> bool:
        """False when the schedule is over. A rate without StartDate begins immediately."""
        begin = schedule.settings.get("StartDate")
        if isinstance(schedule.expression, Rate):
            begin = begin or schedule.modified
        due = next_due(schedule.expression, since, begin, schedule.settings.get("EndDate"))
        schedule.timer = None
        if due:
            schedule.timer = self._clock.at(due.timestamp(), partial(self._due, group, schedule, due))
        return due is not None

    def _due(self, group: Group, schedule: Schedule, due: datetime) -> None:
        with self._lock:
            if not schedule.timer:
                return  # it was stopped while this waited for the lock
            continues = self._set_timer(group, schedule, due)
            self._invoke(schedule, due)
            if not continues and schedule.settings["ActionAfterCompletion"] == "DELETE":
                _delete(group, schedule)


def _delete(group: Group, schedule: Schedule) -> None:
    schedule.stop()
    group.schedules.pop(schedule.name, None)


def _settings(request: dict[str, Any]) -> dict[str, Any]:
    settings = {**DEFAULTS, **{key: value for key, value in request.items() if key not in NOT_SETTINGS}}
    retries = {**RETRIES, **settings["Target"].get("RetryPolicy", {})}
    return {**settings, "Target": {**settings["Target"], "RetryPolicy": retries}}


def _expression(settings: dict[str, Any], now: datetime) -> ScheduleExpression:
    window, start, end = settings["FlexibleTimeWindow"], settings.get("StartDate"), settings.get("EndDate")
    flexible = window["Mode"] == "FLEXIBLE"
    if flexible != ("MaximumWindowInMinutes" in window):
        sentence = "MaximumWindowInMinutes belongs to FlexibleTimeWindow with the Mode FLEXIBLE, and only there."
        raise Refusal("ValidationException", sentence)
    if end and end <= (start or now):
        sentence = "The EndDate you specify must come after the StartDate and must not lie in the past."
        raise Refusal("ValidationException", sentence)
    text = settings["ScheduleExpression"]
    try:
        return parse(_with_plural(text), settings["ScheduleExpressionTimezone"])
    except InvalidSchedule as problem:
        raise Refusal("ValidationException", f"Invalid Schedule Expression {text}: {problem}.") from None


def _with_plural(expression: str) -> str:
    """Unlike a rule of EventBridge, Scheduler accepts rate(1 hours) and rate(5 minute) as well."""
    return RATE.sub(lambda rate: f"rate({rate[1]} {rate[2]}{'' if rate[1] == '1' else 's'})", expression)
