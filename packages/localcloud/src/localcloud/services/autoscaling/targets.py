"""Scalable targets and their operations. Only variants of SageMaker endpoints are served, by their instances."""

from __future__ import annotations

import uuid
from typing import Any

from localcloud.core.paging import paged
from localcloud.core.refusal import Refusal, not_implemented
from localcloud.core.service import operation
from localcloud.services.autoscaling import variants
from localcloud.services.autoscaling.policies import Policies
from localcloud.services.autoscaling.records import BAD_TOKEN, DIMENSION, PAGE, Target
from localcloud.services.autoscaling.scaling import limits
from localcloud.services.autoscaling.tags import checked_tags
from localcloud.services.autoscaling.variants import NOT_YET, Unreadable

ROLE = "role/aws-service-role/sagemaker.application-autoscaling.amazonaws.com"
ROLE_NAME = "AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"


class Targets(Policies):
    @operation("RegisterScalableTarget")
    def register_scalable_target(self, request: dict[str, Any]) -> dict[str, Any]:
        """Registers, or changes what is said of a registered one. The capacity follows the limits."""
        served(request)
        known = self.targets.get(request["ResourceId"])
        low, high = (request.get(f"{end}Capacity", getattr(known, name, None)) for end, name in _LIMITS)
        check_limits(low, high)
        if not known:
            self._check_there(request["ResourceId"])
        target = known or self._new(request["ResourceId"], checked_tags(request.get("Tags", {})))
        if known and request.get("Tags"):
            raise Refusal("ValidationException", "Tags are only for a new scalable target: use TagResource.")
        target.low, target.high = int(low or 0), int(high or 0)
        target.suspended |= request.get("SuspendedState", {})
        target.role = request.get("RoleARN", target.role)
        self.targets[target.resource] = target
        self.keep_within(target, limits(target))
        return {"ScalableTargetARN": target.arn}

    @operation("DescribeScalableTargets")
    def describe_scalable_targets(self, request: dict[str, Any]) -> dict[str, Any]:
        wanted = request.get("ResourceIds")
        found = [_told(target) for target in self.asked_about(request) if not wanted or target.resource in wanted]
        return paged(found, request, "ScalableTargets", limit=PAGE, code=BAD_TOKEN)

    @operation("DeregisterScalableTarget")
    def deregister_scalable_target(self, request: dict[str, Any]) -> None:
        """Its policies, their alarms and its scheduled actions go with it; the capacity stays as it is."""
        served(request)
        target = self.find_target(request, "found")
        for policy in list(target.policies.values()):
            self.forget_policy(target, policy)
        target.stop()
        del self.targets[target.resource]

    def _check_there(self, resource: str) -> None:
        try:
            status = variants.read(self.cloud, resource).status
        except Unreadable as problem:
            raise Refusal("ValidationException", f"Cannot register {resource}: {problem}") from None
        if status in NOT_YET:
            raise Refusal("ValidationException", f"Cannot register {resource}: its endpoint is {status}.")

    def _new(self, resource: str, tags: dict[str, str]) -> Target:
        arn = self.cloud.arn("application-autoscaling", f"scalable-target/{uuid.uuid4().hex}")
        role = f"arn:aws:iam::{self.cloud.account}:{ROLE}/{ROLE_NAME}"
        return Target(resource, arn, role, self.cloud.clock.now(), tags=tags)


_LIMITS = (("Min", "low"), ("Max", "high"))


def served(request: dict[str, Any]) -> None:
    """Refuses what AWS refuses, and what AWS scales and localcloud does not."""
    space, dimension, resource = request["ServiceNamespace"], request["ScalableDimension"], request["ResourceId"]
    unknown = "Unsupported service namespace, resource type or scalable dimension"
    if not dimension.startswith(f"{space}:"):
        raise Refusal("ValidationException", unknown)
    if dimension != DIMENSION:
        raise not_implemented(f"Application Auto Scaling of {dimension} (only {DIMENSION})")
    if not variants.is_variant(resource):
        raise Refusal("ValidationException", f"{unknown}: {resource} is not endpoint/<name>/variant/<name>.")


def check_limits(low: int | None, high: int | None) -> None:
    if low is None or high is None:
        raise Refusal("ValidationException", "MinCapacity and MaxCapacity are required for a new scalable target.")
    if low < 0 or high < 0:
        raise Refusal("ValidationException", "Minimum and maximum capacity must not be negative.")
    if low > high:
        raise Refusal("ValidationException", "Maximum capacity cannot be less than minimum capacity")


def _told(target: Target) -> dict[str, Any]:
    return {
        **target.identity(),
        "MinCapacity": target.low,
        "MaxCapacity": target.high,
        "RoleARN": target.role,
        "CreationTime": target.created,
        "SuspendedState": target.suspended,
        "ScalableTargetARN": target.arn,
    }
