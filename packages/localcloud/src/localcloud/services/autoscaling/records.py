"""What Application Auto Scaling remembers of a scalable target."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from localcloud.core.clock import Timer
from localcloud.core.schedule_expressions import ScheduleExpression

NAMESPACE, DIMENSION = "sagemaker", "sagemaker:variant:DesiredInstanceCount"
BAD_TOKEN, PAGE = "InvalidNextTokenException", 50
KEPT = 500  # activities of one target; AWS keeps those of six weeks
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


@dataclass
class Policy:
    name: str
    arn: str
    kind: str  # TRACKING or STEPS
    settings: dict[str, Any]  # the configuration of its kind
    created: datetime
    alarm: str = ""  # the unique part of its own alarms' names
    looking: dict[str, Timer] = field(default_factory=dict)  # the next look at an alarm that goes on, by its name

    def stop(self) -> None:
        for timer in self.looking.values():
            timer.cancel()
        self.looking.clear()


@dataclass
class Action:
    """A scheduled one."""

    name: str
    arn: str
    said: dict[str, Any]
    schedule: ScheduleExpression
    created: datetime
    timer: Timer | None = None

    def stop(self) -> None:
        if self.timer:
            self.timer.cancel()
            self.timer = None


class Change(NamedTuple):
    """A change of capacity that was done, for the cooldown after it."""

    base: int  # what it was reckoned from
    ended: float


@dataclass
class Target:
    resource: str
    arn: str
    role: str
    created: datetime
    low: int = 0
    high: int = 0
    suspended: dict[str, bool] = field(default_factory=lambda: dict.fromkeys(SUSPENSIONS, False))
    tags: dict[str, str] = field(default_factory=dict)
    policies: dict[str, Policy] = field(default_factory=dict)
    actions: dict[str, Action] = field(default_factory=dict)
    activities: deque[Activity] = field(default_factory=lambda: deque(maxlen=KEPT))
    under_way: Activity | None = None
    timer: Timer | None = None  # of what is under way, or of the next attempt to get within the limits
    last_out: Change | None = None
    last_in: Change | None = None

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
        return {"ResourceId": self.resource, "ServiceNamespace": NAMESPACE, "ScalableDimension": DIMENSION}
