"""Scalable targets: variants of SageMaker endpoints, by their instances or their provisioned concurrency."""

from __future__ import annotations

import uuid
from typing import Any

from localcloud.core import tags
from localcloud.core.access.caller import caller
from localcloud.core.cloud import Cloud
from localcloud.core.paging import paged
from localcloud.core.refusal import Refusal
from localcloud.core.service import Part, operation
from localcloud.services.autoscaling.capacity import Capacity, limits_cause
from localcloud.services.autoscaling.checks import check_dimension, check_limits
from localcloud.services.autoscaling.policies import Policies
from localcloud.services.autoscaling.records import BAD_TOKEN, PAGE, TOO_MANY_TAGS, Target
from localcloud.services.autoscaling.service_linked_role import ServiceLinkedRole
from localcloud.services.autoscaling.target_store import TargetStore
from localcloud.services.autoscaling.variants import NOT_READY, NoVariant, Variants, endpoint_of


class Targets(Part):
    def __init__(
        self,
        cloud: Cloud,
        targets: TargetStore,
        role: ServiceLinkedRole,
        variants: Variants,
        capacity: Capacity,
        policies: Policies,
    ) -> None:
        self._clock, self._access, self._arn, self._role = cloud.clock, cloud.access, cloud.arn, role
        self._targets, self._variants, self._capacity, self._policies = targets, variants, capacity, policies

    def reset(self) -> None:
        self._targets.clear()

    @operation("RegisterScalableTarget")
    def register_scalable_target(self, request: dict[str, Any]) -> dict[str, Any]:
        """Registers, or changes the members in the request of a registered target. The capacity follows the limits."""
        check_dimension(request)
        existing = self._targets.get(request["ResourceId"], request["ScalableDimension"])
        low = request.get("MinCapacity", existing.low if existing else None)
        high = request.get("MaxCapacity", existing.high if existing else None)
        check_limits(low, high)
        if not existing:
            self._check_permissions(request["ResourceId"])
            self._role.ensure(caller())
            self._check_variant(request["ResourceId"], request["ScalableDimension"])
        new_tags = tags.checked(request.get("Tags", {}), too_many=TOO_MANY_TAGS)
        if existing and new_tags:
            raise Refusal("ValidationException", "Tags are only for a new scalable target: use TagResource.")
        target = existing or self._new(request["ResourceId"], request["ScalableDimension"], new_tags)
        target.low, target.high = int(low or 0), int(high or 0)
        target.suspended |= request.get("SuspendedState", {})
        target.role = request.get("RoleARN", target.role)
        self._targets.add(target)
        self._capacity.keep_within(target, limits_cause(target))
        return {"ScalableTargetARN": target.arn}

    @operation("DescribeScalableTargets")
    def describe_scalable_targets(self, request: dict[str, Any]) -> dict[str, Any]:
        names = request.get("ResourceIds")
        matching = (target for target in self._targets.matching(request) if not names or target.resource in names)
        return paged([_describe(each) for each in matching], request, "ScalableTargets", limit=PAGE, code=BAD_TOKEN)

    @operation("DeregisterScalableTarget")
    def deregister_scalable_target(self, request: dict[str, Any]) -> None:
        """Its policies, their alarms and its scheduled actions are deleted; the capacity stays as it is."""
        check_dimension(request)
        target = self._targets.find(request, "found")
        for policy in list(target.policies.values()):
            self._policies.delete(target, policy)
        self._targets.remove(target)

    def _check_permissions(self, resource: str) -> None:
        """The caller who registers a target needs what scaling needs.

        https://docs.aws.amazon.com/autoscaling/application/userguide/security_iam_id-based-policy-examples.html
        """
        request = {"EndpointName": endpoint_of(resource)}
        for call in ("DescribeEndpoint", "UpdateEndpointWeightsAndCapacities"):
            self._access.authorize(caller(), "sagemaker", call, request)

    def _check_variant(self, resource: str, dimension: str) -> None:
        try:
            status = self._variants.read(resource, dimension).status
        except NoVariant as problem:
            raise Refusal("ValidationException", f"Cannot register {resource}: {problem}") from None
        if status in NOT_READY:
            raise Refusal("ValidationException", f"Cannot register {resource}: its endpoint is {status}.")

    def _new(self, resource: str, dimension: str, new_tags: dict[str, str]) -> Target:
        arn = self._arn("application-autoscaling", f"scalable-target/{uuid.uuid4().hex}")
        return Target(resource, dimension, arn, self._role.arn, self._clock.now(), tags=new_tags)


def _describe(target: Target) -> dict[str, Any]:
    return {
        **target.identity(),
        "MinCapacity": target.low,
        "MaxCapacity": target.high,
        "RoleARN": target.role,
        "CreationTime": target.created,
        "SuspendedState": target.suspended,
        "ScalableTargetARN": target.arn,
    }
