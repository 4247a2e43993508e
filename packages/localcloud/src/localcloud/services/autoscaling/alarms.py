"""The alarms of scaling policies, in CloudWatch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from localcloud.core.clock import Clock
from localcloud.services.cloudwatch.alarm import Alarm
from localcloud.services.cloudwatch.service import CloudWatch


class PolicyAlarms:
    """``cloudwatch`` returns the service: it may not exist yet when this is created."""

    def __init__(self, clock: Clock, cloudwatch: Callable[[], CloudWatch]) -> None:
        self._clock, self._cloudwatch = clock, cloudwatch

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
        self._cloudwatch().operations["PutMetricAlarm"].method(request)

    def delete(self, names: list[str]) -> None:
        """Those that still exist."""
        existing = [name for name in names if self.get(name)]
        if existing:
            self._cloudwatch().operations["DeleteAlarms"].method({"AlarmNames": existing})
