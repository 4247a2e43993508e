"""Scaling activities: what was scaled, what was not, and why.

AWS tries again and again where alarms and limits require it; repeated failures are one activity here, whose end moves.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from localcloud.core.clock import Clock
from localcloud.core.paging import paged
from localcloud.core.service import Part, operation
from localcloud.services.autoscaling.records import BAD_TOKEN, PAGE, Activity, Target
from localcloud.services.autoscaling.target_store import TargetStore


class Activities(Part):
    def __init__(self, clock: Clock, targets: TargetStore) -> None:
        self._clock, self._targets = clock, targets

    def record(
        self,
        target: Target,
        description: str,
        cause: str,
        status: str,
        message: str = "",
        reasons: Sequence[dict[str, Any]] = (),
    ) -> Activity:
        now = self._clock.now()
        last = target.activities[0] if target.activities else None
        if last and status == "Failed" and last.summary == (description, cause, message):
            last.ended, last.reasons = now, reasons
            return last
        activity = Activity(str(uuid.uuid4()), description, cause, now, status, message, reasons=reasons)
        activity.ended = None if status == "InProgress" else now
        target.activities.appendleft(activity)
        return activity

    @operation("DescribeScalingActivities")
    def describe_scaling_activities(self, request: dict[str, Any]) -> dict[str, Any]:
        """The newest first. Those that scaled nothing only on request."""
        include_all = request.get("IncludeNotScaledActivities", False)
        activities = [
            _describe(target, activity)
            for target in self._targets.matching(request)
            for activity in target.activities
            if include_all or not activity.reasons
        ]
        activities.sort(key=lambda activity: activity["StartTime"], reverse=True)
        return paged(activities, request, "ScalingActivities", limit=PAGE, code=BAD_TOKEN)


def _describe(target: Target, activity: Activity) -> dict[str, Any]:
    members = {
        "ActivityId": activity.id,
        **target.identity(),
        "Description": activity.description,
        "Cause": activity.cause,
        "StartTime": activity.started,
        "StatusCode": activity.status,
    }
    optional = {
        "EndTime": activity.ended,
        "StatusMessage": activity.message,
        "NotScaledReasons": list(activity.reasons),
    }
    return members | {name: value for name, value in optional.items() if value}
