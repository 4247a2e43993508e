"""The alarms of scaling policies, in CloudWatch: put and deleted with the permissions of the policy's caller."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from localcloud.core.access.caller import caller
from localcloud.core.cloud import Cloud
from localcloud.services.cloudwatch.alarm import Alarm
from localcloud.services.cloudwatch.service import CloudWatch


class PolicyAlarms:
    """``cloudwatch`` returns the service: it may not exist yet when this is created."""

    def __init__(self, cloud: Cloud, cloudwatch: Callable[[], CloudWatch]) -> None:
        self._clock, self._access, self._cloudwatch = cloud.clock, cloud.access, cloudwatch

    def get(self, name: str) -> Alarm | None:
        return self._cloudwatch().alarms.get(name)

    def of_policy(self, arn: str) -> list[Alarm]:
        """All that have the policy as an action, by name."""
        alarms = (alarm for _, alarm in sorted(self._cloudwatch().alarms.items()))
        return [alarm for alarm in alarms if arn in alarm.settings["AlarmActions"]]

    def values(self, alarm: Alarm) -> list[float]:
        """The values that its state is based on now: the breaching data points, by time."""
        at = int(self._clock.seconds()) // alarm.interval * alarm.interval
        evaluation = alarm.evaluate(alarm.points(self._cloudwatch().store, at))
        return [point.value or 0.0 for point in evaluation.breaching or evaluation.evaluated]

    def put(self, request: dict[str, Any]) -> None:
        self._call("PutMetricAlarm", request)

    def delete(self, names: list[str]) -> None:
        """Those that still exist."""
        existing = [name for name in names if self.get(name)]
        if existing:
            self._call("DeleteAlarms", {"AlarmNames": existing})

    def _call(self, operation: str, request: dict[str, Any]) -> None:
        self._access.authorize(caller(), "cloudwatch", operation, request)
        self._cloudwatch().operations[operation].method(request)
