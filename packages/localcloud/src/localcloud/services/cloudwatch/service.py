"""The CloudWatch service: its parts, put together. It replaces moto's wholly.

What each part does not reproduce stands at the top of its module.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from localcloud.services.cloudwatch.alarms import Alarms
from localcloud.services.cloudwatch.dashboards import Dashboards
from localcloud.services.cloudwatch.sqs_metrics import Queues
from localcloud.services.cloudwatch.tags import Tags

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud


class CloudWatch(Alarms, Dashboards, Tags):
    name: ClassVar[str] = "cloudwatch"
    validation_code: ClassVar[str] = "ValidationError"

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._queues = Queues(cloud)

    def tags_of(self, arn: str) -> dict[str, str] | None:
        tags = {alarm.arn: alarm.tags for alarm in self.alarms.values()}
        tags |= {dashboard.arn: dashboard.tags for dashboard in self.dashboards.values()}
        return tags.get(arn)
