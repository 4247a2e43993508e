"""Scaling policies and their alarms.

Not reproduced: predictive scaling and metrics of ten seconds. ConcurrentUpdateException does not occur, since each
operation is done at once; a fault can provoke it.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from localcloud.core.clock import Clock
from localcloud.core.paging import paged
from localcloud.core.refusal import Refusal, not_implemented
from localcloud.core.service import Part, operation
from localcloud.services.autoscaling import steps, tracking, variants
from localcloud.services.autoscaling.alarms import PolicyAlarms
from localcloud.services.autoscaling.records import BAD_TOKEN, PAGE, STEPS, TRACKING, Policy, Target
from localcloud.services.autoscaling.target_store import TargetStore, identify
from localcloud.services.autoscaling.tracking import HIGH, LOW, METRICS, PREDEFINED

KINDS = {TRACKING: tracking.problems, STEPS: steps.problems}
MAX_POLICIES = 50


class Policies(Part):
    def __init__(
        self, clock: Clock, targets: TargetStore, alarms: PolicyAlarms, arn: Callable[[str, str], str]
    ) -> None:
        self._clock, self._targets, self._alarms, self._arn = clock, targets, alarms, arn

    @operation("PutScalingPolicy")
    def put_scaling_policy(self, request: dict[str, Any]) -> dict[str, Any]:
        target, name = self._targets.find(request), request["PolicyName"]
        existing = target.policies.get(name)
        kind = request.get("PolicyType", existing.kind if existing else STEPS)
        settings = _settings(kind, request, existing)
        _check_metric(settings, target.dimension)
        if existing and existing.kind != kind:
            sentence = f"The type of policy {name} is {existing.kind} and cannot be changed."
            raise Refusal("ValidationException", sentence)
        if not existing and len(target.policies) >= MAX_POLICIES:
            raise Refusal("LimitExceededException", f"A scalable target has at most {MAX_POLICIES} scaling policies.")
        policy = existing or self._new(target, name, kind)
        if kind == TRACKING:
            self._put_alarms(target, policy, settings)
        policy.settings = settings
        target.policies[name] = policy
        return {"PolicyARN": policy.arn, "Alarms": self._alarm_list(policy)}

    @operation("DeleteScalingPolicy")
    def delete_scaling_policy(self, request: dict[str, Any]) -> None:
        target = self._targets.find(request, "found")
        policy = target.policies.get(request["PolicyName"])
        if not policy:
            sentence = f"No scaling policy found for {identify(request)}, policy name: {request['PolicyName']}"
            raise Refusal("ObjectNotFoundException", sentence)
        self.delete(target, policy)

    def delete(self, target: Target, policy: Policy) -> None:
        """An alarm that a user created for it stays, and its action then fails."""
        self._alarms.delete(_alarm_names(target, policy))
        policy.stop()
        del target.policies[policy.name]

    @operation("DescribeScalingPolicies")
    def describe_scaling_policies(self, request: dict[str, Any]) -> dict[str, Any]:
        names = request.get("PolicyNames")
        policies = [
            self._describe(target, policy)
            for target in self._targets.matching(request)
            for _, policy in sorted(target.policies.items())
            if not names or {policy.name, policy.arn} & {*names}
        ]
        return paged(policies, request, "ScalingPolicies", limit=PAGE, code=BAD_TOKEN)

    def _put_alarms(self, target: Target, policy: Policy, settings: dict[str, Any]) -> None:
        dimensions = variants.dimensions(target.resource)
        try:
            for request in tracking.alarms(settings, target.resource, policy.arn, policy.alarm_id, dimensions):
                self._alarms.put(request)
        except Refusal as refusal:
            if refusal.code.startswith("AccessDenied"):
                raise
            raise Refusal("ValidationException", f"CloudWatch refuses the alarm: {refusal.message}") from None

    def _new(self, target: Target, name: str, kind: str) -> Policy:
        resource = f"scalingPolicy:{uuid.uuid4()}:resource/sagemaker/{target.resource}:policyName/{name}"
        return Policy(name, self._arn("autoscaling", resource), kind, {}, self._clock.now(), str(uuid.uuid4()))

    def _alarm_list(self, policy: Policy) -> list[dict[str, str]]:
        return [{"AlarmName": alarm.name, "AlarmARN": alarm.arn} for alarm in self._alarms.of_policy(policy.arn)]

    def _describe(self, target: Target, policy: Policy) -> dict[str, Any]:
        return {
            "PolicyARN": policy.arn,
            "PolicyName": policy.name,
            **target.identity(),
            "PolicyType": policy.kind,
            f"{policy.kind}PolicyConfiguration": policy.settings,
            "Alarms": self._alarm_list(policy),
            "CreationTime": policy.created,
        }


def _alarm_names(target: Target, policy: Policy) -> list[str]:
    """The alarms that Application Auto Scaling created for the policy."""
    kinds = (HIGH, LOW) if policy.kind == TRACKING else ()
    return [tracking.alarm_name(target.resource, kind, policy.alarm_id) for kind in kinds]


def _settings(kind: str, request: dict[str, Any], existing: Policy | None) -> dict[str, Any]:
    """The configuration of the policy's kind; without one, an existing policy keeps its own."""
    if kind not in KINDS:
        raise not_implemented(f"The policy type {kind}")
    name = f"{kind}PolicyConfiguration"
    others = [key for key in request if key.endswith("PolicyConfiguration") and key != name]
    if others or (name not in request and not existing):
        raise Refusal("ValidationException", f"A policy of type {kind} needs {name}, and no other configuration.")
    settings: dict[str, Any] = request.get(name) or (existing.settings if existing else {})
    for sentence in KINDS[kind](settings):
        raise Refusal("ValidationException", sentence)
    return settings


def _check_metric(settings: dict[str, Any], dimension: str) -> None:
    metric = settings.get(PREDEFINED, {}).get("PredefinedMetricType")
    if metric is None:
        return
    if metric not in METRICS:
        raise not_implemented(f"The metric {metric} (only {', '.join(METRICS)})")
    if METRICS[metric][0] != dimension:
        raise Refusal("ValidationException", f"The metric {metric} cannot be used with the dimension {dimension}.")
