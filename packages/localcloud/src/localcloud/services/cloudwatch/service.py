"""CloudWatch, in place of moto's. What a part does not reproduce stands at the top of its module."""

from __future__ import annotations

from typing import ClassVar

from localcloud.core.cloud import Cloud
from localcloud.core.refusal import Refusal
from localcloud.core.service import Service
from localcloud.core.tag_operations import TagOperations
from localcloud.services.cloudwatch.actions import AlarmActions
from localcloud.services.cloudwatch.alarm import Alarm
from localcloud.services.cloudwatch.alarm_timer import AlarmTimer
from localcloud.services.cloudwatch.alarms import Alarms
from localcloud.services.cloudwatch.dashboards import Dashboards
from localcloud.services.cloudwatch.history import AlarmHistory
from localcloud.services.cloudwatch.metric_store import MetricStore
from localcloud.services.cloudwatch.metrics import INVALID, Metrics
from localcloud.services.cloudwatch.sqs_metrics import QueueMetrics
from localcloud.services.cloudwatch.state_changes import StateChanges


class CloudWatch(Service):
    name: ClassVar[str] = "cloudwatch"
    validation_code: ClassVar[str] = "ValidationError"

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self.store = MetricStore(cloud.clock.seconds)
        self.alarms: dict[str, Alarm] = {}  # by name; the parts of alarms share it
        history = AlarmHistory(cloud.clock)
        self.actions = AlarmActions(cloud, history)
        state_changes = StateChanges(cloud.events, history, self.actions)
        timer = AlarmTimer(cloud, self.store, self.alarms, state_changes)
        self.metrics = Metrics(cloud.clock, self.store, cloud.account)
        self.dashboards = Dashboards(cloud.clock, cloud.account)
        self.parts = (
            self.metrics,
            Alarms(cloud, self.alarms, timer, history, state_changes),
            timer,
            self.actions,
            history,
            self.dashboards,
            TagOperations(self._tags_of, invalid=INVALID),
        )

    def connect(self) -> None:
        self.cloud.metrics.subscribe(self.metrics.record)
        QueueMetrics(self.cloud).start()

    def settle(self, timeout: float = 60) -> None:
        """Returns when the actions of all changes so far are done. For tests."""
        self.actions.settle(timeout)

    def _tags_of(self, arn: str) -> dict[str, str]:
        for alarm in self.alarms.values():
            if alarm.arn == arn:
                return alarm.tags
        tags = self.dashboards.tags_of(arn)
        if tags is None:
            raise Refusal("ResourceNotFoundException", f"The resource {arn} does not exist.", 404)
        return tags
