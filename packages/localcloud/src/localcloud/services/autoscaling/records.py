"""What Application Auto Scaling stores: scalable targets with their policies, scheduled actions and activities."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from localcloud.core.clock import Timer
from localcloud.core.schedule_expressions import ScheduleExpression

NAMESPACE = "sagemaker"
INSTANCES, CONCURRENCY = "sagemaker:variant:DesiredInstanceCount", "sagemaker:variant:DesiredProvisionedConcurrency"
NOUNS = {INSTANCES: "instance count", CONCURRENCY: "provisioned concurrency"}  # of the dimensions that are scaled
BAD_TOKEN, PAGE = "InvalidNextTokenException", 50
TOO_MANY_TAGS = "TooManyTagsException"
MAX_ACTIVITIES = 500  # activities of one target; AWS keeps those of six weeks
SUSPENSIONS = ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended")
TRACKING, STEPS = "TargetTrackingScaling", "StepScaling"


@dataclass
class Activity:
    id: str
    description: str
    cause: str
    started: datetime
    status: str
    message: str = ""
    ended: datetime | None = None
    reasons: Sequence[dict[str, Any]] = ()  # why nothing was scaled

    @property
    def summary(self) -> tuple[str, str, str]:
        return self.description, self.cause, self.message


@dataclass
class Policy:
    name: str
    arn: str
    kind: str  # TRACKING or STEPS
    settings: dict[str, Any]  # the configuration of its kind
    created: datetime
    alarm_id: str = ""  # the unique part of its own alarms' names
    timers: dict[str, Timer] = field(default_factory=dict)  # the next decision, by the name of an alarm in ALARM

    def stop(self) -> None:
        for timer in self.timers.values():
            timer.cancel()
        self.timers.clear()


@dataclass
class ScheduledAction:
    name: str
    arn: str
    settings: dict[str, Any]
    schedule: ScheduleExpression
    created: datetime
    timer: Timer | None = None

    def stop(self) -> None:
        if self.timer:
            self.timer.cancel()
            self.timer = None


class CapacityChange(NamedTuple):
    """A completed change of capacity, for the cooldown after it."""

    base: int  # the capacity that it was calculated from
    ended: float


@dataclass
class Target:
    resource: str
    dimension: str
    arn: str
    role: str
    created: datetime
    low: int = 0
    high: int = 0
    suspended: dict[str, bool] = field(default_factory=lambda: dict.fromkeys(SUSPENSIONS, False))
    tags: dict[str, str] = field(default_factory=dict)
    policies: dict[str, Policy] = field(default_factory=dict)
    actions: dict[str, ScheduledAction] = field(default_factory=dict)
    activities: deque[Activity] = field(default_factory=lambda: deque(maxlen=MAX_ACTIVITIES))
    in_progress: Activity | None = None
    timer: Timer | None = (
        None  # of the change in progress, or of the next attempt to bring the capacity within the limits
    )
    last_scale_out: CapacityChange | None = None
    last_scale_in: CapacityChange | None = None

    def within(self, capacity: int) -> int:
        return max(self.low, min(self.high, capacity))

    def stop(self) -> None:
        for policy in self.policies.values():
            policy.stop()
        for action in self.actions.values():
            action.stop()
        if self.timer:
            self.timer.cancel()
            self.timer = None

    def identity(self) -> dict[str, Any]:
        return {"ResourceId": self.resource, "ServiceNamespace": NAMESPACE, "ScalableDimension": self.dimension}
