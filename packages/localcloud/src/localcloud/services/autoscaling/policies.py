"""Scaling policies, their alarms, and their operations.

Not reproduced: predictive scaling and metrics of ten seconds. ConcurrentUpdateException does not occur, since each
operation is done at once; a fault can be asked for.
"""

from __future__ import annotations

import uuid
from typing import Any

from localcloud.core.paging import paged
from localcloud.core.refusal import Refusal, not_implemented
from localcloud.core.service import operation
from localcloud.services.autoscaling import steps, tracking, variants
from localcloud.services.autoscaling.decision import Deciding
from localcloud.services.autoscaling.records import BAD_TOKEN, PAGE, STEPS, TRACKING, Policy, Target
from localcloud.services.autoscaling.scaling import described
from localcloud.services.autoscaling.tracking import HIGH, INVOCATIONS, LOW, PREDEFINED

KINDS = {TRACKING: tracking.problems, STEPS: steps.problems}
MOST_POLICIES = 50


class Policies(Deciding):
    @operation("PutScalingPolicy")
    def put_scaling_policy(self, request: dict[str, Any]) -> dict[str, Any]:
        target, name = self.find_target(request), request["PolicyName"]
        known = target.policies.get(name)
        kind = request.get("PolicyType", known.kind if known else STEPS)
        settings = _checked(kind, request, known)
        if known and known.kind != kind:
            raise Refusal("ValidationException", f"The type of policy {name} is {known.kind} and cannot be changed.")
        if not known and len(target.policies) >= MOST_POLICIES:
            raise Refusal("LimitExceededException", f"A scalable target has at most {MOST_POLICIES} scaling policies.")
        policy = known or self._new_policy(target, name, kind)
        if kind == TRACKING:
            self._put_alarms(target, policy, settings)
        policy.settings = settings
        target.policies[name] = policy
        return {"PolicyARN": policy.arn, "Alarms": self._alarms_of(policy)}

    @operation("DeleteScalingPolicy")
    def delete_scaling_policy(self, request: dict[str, Any]) -> None:
        target = self.find_target(request, "found")
        policy = target.policies.get(request["PolicyName"])
        if not policy:
            sentence = f"No scaling policy found for {described(request)}, policy name: {request['PolicyName']}"
            raise Refusal("ObjectNotFoundException", sentence)
        self.forget_policy(target, policy)

    def forget_policy(self, target: Target, policy: Policy) -> None:
        """An alarm that its user made for it stays, and finds no policy any more."""
        policy.stop()
        del target.policies[policy.name]
        own = [name for name in _own_alarms(target, policy) if name in self.cloudwatch.alarms]
        if own:
            self.cloudwatch.delete_alarms({"AlarmNames": own})

    @operation("DescribeScalingPolicies")
    def describe_scaling_policies(self, request: dict[str, Any]) -> dict[str, Any]:
        names = request.get("PolicyNames")
        found = [
            self._told(target, policy)
            for target in self.asked_about(request)
            for _, policy in sorted(target.policies.items())
            if not names or {policy.name, policy.arn} & {*names}
        ]
        return paged(found, request, "ScalingPolicies", limit=PAGE, code=BAD_TOKEN)

    def _put_alarms(self, target: Target, policy: Policy, settings: dict[str, Any]) -> None:
        dimensions = variants.dimensions(target.resource)
        try:
            for asked in tracking.alarms(settings, target.resource, policy.arn, policy.alarm, dimensions):
                self.cloudwatch.put_metric_alarm(asked)
        except Refusal as refusal:
            raise Refusal("ValidationException", f"CloudWatch refuses the alarm: {refusal.message}") from None

    def _new_policy(self, target: Target, name: str, kind: str) -> Policy:
        unique = uuid.uuid4()
        place = f"scalingPolicy:{unique}:resource/sagemaker/{target.resource}:policyName/{name}"
        arn = self.cloud.arn("autoscaling", place)
        return Policy(name, arn, kind, {}, self.cloud.clock.now(), str(uuid.uuid4()))

    def _alarms_of(self, policy: Policy) -> list[dict[str, str]]:
        alarms = [alarm for _, alarm in sorted(self.cloudwatch.alarms.items())]
        found = [alarm for alarm in alarms if policy.arn in alarm.settings["AlarmActions"]]
        return [{"AlarmName": alarm.name, "AlarmARN": alarm.arn} for alarm in found]

    def _told(self, target: Target, policy: Policy) -> dict[str, Any]:
        return {
            "PolicyARN": policy.arn,
            "PolicyName": policy.name,
            **target.identity(),
            "PolicyType": policy.kind,
            f"{policy.kind}PolicyConfiguration": policy.settings,
            "Alarms": self._alarms_of(policy),
            "CreationTime": policy.created,
        }


def _own_alarms(target: Target, policy: Policy) -> list[str]:
    kinds = (HIGH, LOW) if policy.kind == TRACKING else ()
    return [tracking.alarm_name(target.resource, kind, policy.alarm) for kind in kinds]


def _checked(kind: str, request: dict[str, Any], known: Policy | None) -> dict[str, Any]:
    """The configuration of its kind; without one, a known policy keeps what it has."""
    if kind not in KINDS:
        raise not_implemented(f"The policy type {kind}")
    name = f"{kind}PolicyConfiguration"
    others = [key for key in request if key.endswith("PolicyConfiguration") and key != name]
    if others or (name not in request and not known):
        raise Refusal("ValidationException", f"A policy of type {kind} needs {name}, and no other configuration.")
    settings: dict[str, Any] = request.get(name) or (known.settings if known else {})
    for sentence in KINDS[kind](settings):
        raise Refusal("ValidationException", sentence)
    metric = settings.get(PREDEFINED, {}).get("PredefinedMetricType", INVOCATIONS)
    if metric != INVOCATIONS:
        raise not_implemented(f"The metric {metric} (only {INVOCATIONS})")
    return settings
