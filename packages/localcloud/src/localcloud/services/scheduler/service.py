"""EventBridge Scheduler: schedules in groups, which invoke targets on the clock."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from localcloud.core.cloud import Cloud
from localcloud.core.service import Service
from localcloud.core.tag_operations import Spelling, TagOperations
from localcloud.core.tokens import Tokens
from localcloud.services.events.deliveries import Deliveries
from localcloud.services.events.queues import Queues
from localcloud.services.scheduler.groups import MAX_TAGS, Groups
from localcloud.services.scheduler.records import Schedule
from localcloud.services.scheduler.schedule_transport import ScheduleTransport, new_invocation
from localcloud.services.scheduler.schedules import Schedules
from localcloud.services.scheduler.targets import ScheduleTargets


class Scheduler(Service):
    name: ClassVar[str] = "scheduler"

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        queues, tokens = Queues(cloud), Tokens(cloud.clock, member="ClientToken")
        targets = ScheduleTargets(cloud, queues)
        self.deliveries = Deliveries(cloud, ScheduleTransport(targets, cloud.metrics), queues)
        self.groups = Groups(cloud.clock, tokens, cloud.arn)
        self.parts = (
            self.deliveries,
            self.groups,
            Schedules(cloud, self.groups, tokens, targets.check, self._invoke),
            TagOperations(self.groups.tags_of, spelling=Spelling(arn="ResourceArn"), limit=MAX_TAGS),
            tokens,
        )

    def close(self) -> None:
        with self.cloud.lock:
            self.reset()
        super().close()

    def settle(self, timeout: float = 60) -> None:
        """Returns when no invocation is running; some may wait for the clock. For tests."""
        self.deliveries.settle(timeout)

    def _invoke(self, schedule: Schedule, due: datetime) -> None:
        cloud = self.cloud
        invocation = new_invocation(
            schedule, due, account=cloud.account, region=cloud.region, created=cloud.clock.seconds()
        )
        self.deliveries.start(invocation)
