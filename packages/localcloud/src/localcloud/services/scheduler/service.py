"""The EventBridge Scheduler service: its parts, put together."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from localcloud.services.scheduler.invocations import Invocations, invocation
from localcloud.services.scheduler.records import Schedule
from localcloud.services.scheduler.schedules import Schedules

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud


class Scheduler(Schedules):
    name: ClassVar[str] = "scheduler"

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self.invocations = Invocations(cloud)

    def reset(self) -> None:
        self.invocations.reset()
        super().reset()

    def close(self) -> None:
        with self.cloud.lock:
            self.reset()
        super().close()

    def settle(self, timeout: float = 60) -> None:
        """Until every invocation is done, or waits for the clock. For tests."""
        self.invocations.settle(timeout)

    def invoke(self, schedule: Schedule, due: datetime) -> None:
        self.invocations.start(invocation(self.cloud, schedule, due))
