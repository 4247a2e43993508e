"""What was scaled, what was not, and why."""

from __future__ import annotations

from typing import Any

from localcloud.core.paging import paged
from localcloud.core.service import operation
from localcloud.services.autoscaling.records import BAD_TOKEN, PAGE, Activity, Target
from localcloud.services.autoscaling.scaling import Scaling


class Activities(Scaling):
    @operation("DescribeScalingActivities")
    def describe_scaling_activities(self, request: dict[str, Any]) -> dict[str, Any]:
        """The newest first. Those that found nothing to scale only when asked for."""
        everything = request.get("IncludeNotScaledActivities", False)
        found = [
            _told(target, activity)
            for target in self.asked_about(request)
            for activity in target.activities
            if everything or not activity.reasons
        ]
        found.sort(key=lambda told: told["StartTime"], reverse=True)
        return paged(found, request, "ScalingActivities", limit=PAGE, code=BAD_TOKEN)


def _told(target: Target, activity: Activity) -> dict[str, Any]:
    told = {
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
    return told | {name: value for name, value in optional.items() if value}
