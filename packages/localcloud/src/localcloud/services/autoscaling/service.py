"""The Application Auto Scaling service: its parts, put together. What a part does not reproduce stands at its top."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from localcloud.services.autoscaling.activities import Activities
from localcloud.services.autoscaling.scheduled import Scheduled
from localcloud.services.autoscaling.tags import Tags
from localcloud.services.autoscaling.targets import Targets

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud


class AutoScaling(Targets, Scheduled, Activities, Tags):
    """After SageMaker and CloudWatch in the list of services: it scales the one and performs the other's actions."""

    name: ClassVar[str] = "application-autoscaling"

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        endpoints: Any = cloud.services["sagemaker"]
        endpoints.scalable_resources = self.registered  # AWS refuses another instance type under a scalable target
