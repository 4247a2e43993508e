"""Scheduled actions: at their time the limits of a target change, and its capacity follows them.

As on AWS an ``at()`` may have any time zone. AWS does not say when a rate without StartTime begins: here one interval
after it was put.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from functools import partial
from typing import Any

from localcloud.core.cron import InvalidSchedule
from localcloud.core.paging import paged
from localcloud.core.refusal import Refusal
from localcloud.core.schedule_expressions import ScheduleExpression, next_due, parse
from localcloud.core.service import operation
from localcloud.services.autoscaling.records import BAD_TOKEN, PAGE, Action, Target
from localcloud.services.autoscaling.scaling import Scaling, described
from localcloud.services.autoscaling.targets import check_limits, served

MOST_ACTIONS = 200
TOLD = ("Schedule", "Timezone", "StartTime", "EndTime", "ScalableTargetAction")


class Scheduled(Scaling):
    @operation("PutScheduledAction")
    def put_scheduled_action(self, request: dict[str, Any]) -> None:
        """Creates or replaces; what an update does not say stays."""
        served(request)
        target, name = self.find_target(request), request["ScheduledActionName"]
        known = target.actions.get(name)
        if not known and len(target.actions) >= MOST_ACTIONS:
            raise Refusal("LimitExceededException", f"A scalable target has at most {MOST_ACTIONS} scheduled actions.")
        said = {**(known.said if known else {}), **{key: request[key] for key in TOLD if key in request}}
        schedule = _checked(said)
        if known:
            known.stop()
        arn = known.arn if known else self._action_arn(target, name)
        action = Action(name, arn, said, schedule, known.created if known else self.cloud.clock.now())
        target.actions[name] = action
        self._plan(target, action, self.cloud.clock.now())

    @operation("DescribeScheduledActions")
    def describe_scheduled_actions(self, request: dict[str, Any]) -> dict[str, Any]:
        names = request.get("ScheduledActionNames")
        found = [
            _told(target, action)
            for target in self.asked_about(request)
            for _, action in sorted(target.actions.items())
            if not names or {action.name, action.arn} & {*names}
        ]
        return paged(found, request, "ScheduledActions", limit=PAGE, code=BAD_TOKEN)

    @operation("DeleteScheduledAction")
    def delete_scheduled_action(self, request: dict[str, Any]) -> None:
        target = self.find_target(request, "found")
        action = target.actions.pop(request["ScheduledActionName"], None)
        if not action:
            name = request["ScheduledActionName"]
            sentence = f"No scheduled action found for {described(request)}, scheduled action name: {name}"
            raise Refusal("ObjectNotFoundException", sentence)
        action.stop()

    def _plan(self, target: Target, action: Action, since: datetime) -> None:
        due = next_due(action.schedule, since, action.said.get("StartTime"), action.said.get("EndTime"))
        action.timer = self.cloud.clock.at(due.timestamp(), partial(self._due, target, action, due)) if due else None

    def _due(self, target: Target, action: Action, due: datetime) -> None:
        with self.cloud.lock:
            if action.timer:  # else it was stopped meanwhile
                self._plan(target, action, due)
                if not target.suspended["ScheduledScalingSuspended"]:
                    self._apply(target, action)

    def _apply(self, target: Target, action: Action) -> None:
        asked = action.said["ScalableTargetAction"]
        low, high = asked.get("MinCapacity", target.low), asked.get("MaxCapacity", target.high)
        words = (("minimum", "MinCapacity"), ("maximum", "MaxCapacity"))
        told = " and ".join(f"{word} capacity was set to {asked[key]}" for word, key in words if key in asked)
        cause = f"scheduled action name {action.name} was triggered: {told}"
        if low > high:
            sentence = f"Minimum capacity {low} would be more than maximum capacity {high}."
            self.tell(target, "Setting the limits of the capacity.", cause, "Failed", sentence)
            return
        target.low, target.high = low, high
        self.keep_within(target, cause)

    def _action_arn(self, target: Target, name: str) -> str:
        place = f"resource/sagemaker/{target.resource}:scheduledActionName/{name}"
        return self.cloud.arn("autoscaling", f"scheduledAction:{uuid.uuid4()}:{place}")


def _checked(said: dict[str, Any]) -> ScheduleExpression:
    limits = said.get("ScalableTargetAction", {})
    if "Schedule" not in said or not limits:
        sentence = "A scheduled action needs Schedule, and ScalableTargetAction with MinCapacity, MaxCapacity or both."
        raise Refusal("ValidationException", sentence)
    check_limits(limits.get("MinCapacity", 0), limits.get("MaxCapacity", max(limits.values())))
    if said.get("StartTime") and said.get("EndTime") and said["StartTime"] >= said["EndTime"]:
        raise Refusal("ValidationException", "EndTime must be later than StartTime.")
    try:
        return parse(said["Schedule"], said.get("Timezone", "UTC"))
    except InvalidSchedule as problem:
        raise Refusal("ValidationException", f"Schedule {said['Schedule']} is not valid: {problem}.") from None


def _told(target: Target, action: Action) -> dict[str, Any]:
    return {
        "ScheduledActionARN": action.arn,
        "ScheduledActionName": action.name,
        **target.identity(),
        **action.said,
        "CreationTime": action.created,
    }
