"""The Application Auto Scaling service: its parts, put together. What a part does not reproduce stands at its top."""

from __future__ import annotations

from typing import Any, ClassVar

from localcloud.services.autoscaling.activities import Activities
from localcloud.services.autoscaling.scheduled import Scheduled
from localcloud.services.autoscaling.tags import Tags
from localcloud.services.autoscaling.targets import Targets


class AutoScaling(Targets, Scheduled, Activities, Tags):
    """Scales SageMaker's endpoints and carries out CloudWatch's alarm actions."""

    name: ClassVar[str] = "application-autoscaling"

    def connect(self) -> None:
        super().connect()
        endpoints: Any = self.cloud.services["sagemaker"]
        endpoints.scalable_resources = self.registered  # AWS refuses another instance type under a scalable target
