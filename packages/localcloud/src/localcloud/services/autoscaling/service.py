"""Application Auto Scaling: scales variants of endpoints, by alarms and by schedules.

What a part does not reproduce stands at the top of its module.
"""

from __future__ import annotations

from typing import Any, ClassVar

from localcloud.core.caller import Caller
from localcloud.core.cloud import Cloud
from localcloud.core.service import Service
from localcloud.core.tag_operations import TagOperations
from localcloud.services.autoscaling.activities import Activities
from localcloud.services.autoscaling.alarms import PolicyAlarms
from localcloud.services.autoscaling.capacity import Capacity
from localcloud.services.autoscaling.decisions import Decisions
from localcloud.services.autoscaling.policies import Policies
from localcloud.services.autoscaling.records import TOO_MANY_TAGS
from localcloud.services.autoscaling.scheduled_actions import ScheduledActions
from localcloud.services.autoscaling.service_linked_role import ServiceLinkedRole
from localcloud.services.autoscaling.target_store import TargetStore
from localcloud.services.autoscaling.targets import Targets
from localcloud.services.autoscaling.variants import Variants
from localcloud.services.cloudwatch.service import CloudWatch


class AutoScaling(Service):
    name: ClassVar[str] = "application-autoscaling"

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self.targets = TargetStore()
        role = ServiceLinkedRole(cloud)
        variants = Variants(lambda operation, request: Caller(self._sagemaker).call(role.session(), operation, request))
        alarms = PolicyAlarms(cloud, lambda: cloud.service(CloudWatch))
        activities = Activities(cloud.clock, self.targets)
        capacity = Capacity(cloud, variants, activities)
        policies = Policies(cloud.clock, self.targets, alarms, cloud.arn)
        self._decisions = Decisions(cloud, self.targets, variants, alarms, capacity, activities)
        self.parts = (
            Targets(cloud, self.targets, role, variants, capacity, policies),
            policies,
            ScheduledActions(cloud, self.targets, capacity, activities),
            activities,
            TagOperations(self.targets.tags_of, as_map=True, too_many=TOO_MANY_TAGS),
        )

    def connect(self) -> None:
        self.cloud.service(CloudWatch).actions.add("autoscaling", self._decisions.perform)
        self._sagemaker.endpoints.is_scalable_target = self.targets.__contains__  # they keep their instance type

    def close(self) -> None:
        with self.cloud.lock:
            self.reset()
        super().close()

    @property
    def _sagemaker(self) -> Any:
        return self.cloud.services["sagemaker"]
