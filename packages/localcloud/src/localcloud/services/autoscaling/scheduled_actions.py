"""Scheduled actions: at their time the limits of a target change, and its capacity follows them.

As on AWS, ``at()`` may have any time zone. AWS does not say when a rate without StartTime begins: here one interval
after the request.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from functools import partial
from typing import Any

from localcloud.core.cloud import Cloud
from localcloud.core.cron import InvalidSchedule
from localcloud.core.paging import paged
from localcloud.core.refusal import Refusal
from localcloud.core.schedule_expressions import ScheduleExpression, next_due, parse
from localcloud.core.service import Part, operation
from localcloud.services.autoscaling.activities import Activities
from localcloud.services.autoscaling.capacity import Capacity
from localcloud.services.autoscaling.checks import check_dimension, check_limits
from localcloud.services.autoscaling.records import BAD_TOKEN, PAGE, ScheduledAction, Target
from localcloud.services.autoscaling.target_store import TargetStore, identify

MAX_ACTIONS = 200
SETTINGS = ("Schedule", "Timezone", "StartTime", "EndTime", "ScalableTargetAction")
LIMITS = (("minimum", "MinCapacity"), ("maximum", "MaxCapacity"))


class ScheduledActions(Part):
    def __init__(self, cloud: Cloud, targets: TargetStore, capacity: Capacity, activities: Activities) -> None:
        self._clock, self._lock, self._arn = cloud.clock, cloud.lock, cloud.arn
        self._targets, self._capacity, self._activities = targets, capacity, activities

    @operation("PutScheduledAction")
    def put_scheduled_action(self, request: dict[str, Any]) -> None:
        """Creates or updates; an update keeps members that are not in the request."""
        check_dimension(request)
        target, name = self._targets.find(request), request["ScheduledActionName"]
        existing = target.actions.get(name)
        if not existing and len(target.actions) >= MAX_ACTIONS:
            raise Refusal("LimitExceededException", f"A scalable target has at most {MAX_ACTIONS} scheduled actions.")
        new = {key: request[key] for key in SETTINGS if key in request}
        settings = {**(existing.settings if existing else {}), **new}
        schedule = _schedule(settings)
        if existing:
            existing.stop()
        now = self._clock.now()
        arn = existing.arn if existing else self._action_arn(target, name)
        action = ScheduledAction(name, arn, settings, schedule, existing.created if existing else now)
        target.actions[name] = action
        self._set_timer(target, action, now)

    @operation("DescribeScheduledActions")
    def describe_scheduled_actions(self, request: dict[str, Any]) -> dict[str, Any]:
        names = request.get("ScheduledActionNames")
        actions = [
            _describe(target, action)
            for target in self._targets.matching(request)
            for _, action in sorted(target.actions.items())
            if not names or {action.name, action.arn} & {*names}
        ]
        return paged(actions, request, "ScheduledActions", limit=PAGE, code=BAD_TOKEN)

    @operation("DeleteScheduledAction")
    def delete_scheduled_action(self, request: dict[str, Any]) -> None:
        target = self._targets.find(request, "found")
        action = target.actions.pop(request["ScheduledActionName"], None)
        if not action:
            name = request["ScheduledActionName"]
            sentence = f"No scheduled action found for {identify(request)}, scheduled action name: {name}"
            raise Refusal("ObjectNotFoundException", sentence)
        action.stop()

    def _set_timer(self, target: Target, action: ScheduledAction, since: datetime) -> None:
        settings = action.settings
        due = next_due(action.schedule, since, settings.get("StartTime"), settings.get("EndTime"))
        action.timer = self._clock.at(due.timestamp(), partial(self._due, target, action, due)) if due else None

    def _due(self, target: Target, action: ScheduledAction, due: datetime) -> None:
        with self._lock:
            if action.timer:  # else it was stopped while this waited for the lock
                self._set_timer(target, action, due)
                if not target.suspended["ScheduledScalingSuspended"]:
                    self._apply(target, action)

    def _apply(self, target: Target, action: ScheduledAction) -> None:
        new = action.settings["ScalableTargetAction"]
        low, high = new.get("MinCapacity", target.low), new.get("MaxCapacity", target.high)
        changes = " and ".join(f"{word} capacity was set to {new[key]}" for word, key in LIMITS if key in new)
        cause = f"scheduled action name {action.name} was triggered: {changes}"
        if low > high:
            sentence = f"Minimum capacity {low} would be more than maximum capacity {high}."
            self._activities.record(target, "Setting the limits of the capacity.", cause, "Failed", sentence)
            return
        target.low, target.high = low, high
        self._capacity.keep_within(target, cause)

    def _action_arn(self, target: Target, name: str) -> str:
        resource = f"resource/sagemaker/{target.resource}:scheduledActionName/{name}"
        return self._arn("autoscaling", f"scheduledAction:{uuid.uuid4()}:{resource}")


def _schedule(settings: dict[str, Any]) -> ScheduleExpression:
    limits = settings.get("ScalableTargetAction", {})
    if "Schedule" not in settings or not limits:
        sentence = "A scheduled action needs Schedule, and ScalableTargetAction with MinCapacity, MaxCapacity or both."
        raise Refusal("ValidationException", sentence)
    check_limits(limits.get("MinCapacity", 0), limits.get("MaxCapacity", max(limits.values())))
    if settings.get("StartTime") and settings.get("EndTime") and settings["StartTime"] >= settings["EndTime"]:
        raise Refusal("ValidationException", "EndTime must be later than StartTime.")
    try:
        return parse(settings["Schedule"], settings.get("Timezone", "UTC"))
    except InvalidSchedule as problem:
        raise Refusal("ValidationException", f"Schedule {settings['Schedule']} is not valid: {problem}.") from None


def _describe(target: Target, action: ScheduledAction) -> dict[str, Any]:
    return {
        "ScheduledActionARN": action.arn,
        "ScheduledActionName": action.name,
        **target.identity(),
        **action.settings,
        "CreationTime": action.created,
    }
