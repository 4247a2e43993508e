"""Autoscaling of the provisioned concurrency: the only thing that scales there beside what SageMaker does by itself.

An update begins with the config's provisioned concurrency again; AWS has nothing that retains it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from release.call import Call
from release.scaling_target import SERVICE, contains, deregister, identity
from release.state.state import State
from settings.model import Settings

METRIC = "SageMakerVariantProvisionedConcurrencyUtilization"


def scaling(settings: Settings, state: State, recreate: bool) -> tuple[Call, ...]:
    if not settings.serving.scales_concurrency:
        absent = recreate or state.target is None
        return () if absent else (deregister(settings, "the settings turn autoscaling off"),)
    return tuple(_calls(settings, state, recreate or state.target is None))


def _calls(settings: Settings, state: State, create: bool) -> Iterator[Call]:
    low, high = settings.serving.serverless_provisioned_concurrency, settings.serving.serverless_provisioned_max
    bounds, policy = {"MinCapacity": low, "MaxCapacity": high}, _policy(settings)
    if create or not contains(state.target or {}, bounds):
        sentence = f"autoscaling between {low} and {high} of provisioned concurrency"
        yield _call(settings, "register_scalable_target", bounds, sentence)
    policies = {} if create else {each["PolicyName"]: each for each in state.policies}
    if not contains(policies.get(policy["PolicyName"], {}), policy):
        use = f"{settings.serving.serverless_provisioned_target:.0%} of the provisioned concurrency in use"
        yield _call(settings, "put_scaling_policy", policy, f"autoscaling aims at {use}")


def _policy(settings: Settings) -> dict[str, Any]:
    tracking = {
        "TargetValue": settings.serving.serverless_provisioned_target,
        "PredefinedMetricSpecification": {"PredefinedMetricType": METRIC},
        "ScaleInCooldown": settings.serving.autoscaling_scale_in_cooldown_seconds,
        "ScaleOutCooldown": settings.serving.autoscaling_scale_out_cooldown_seconds,
    }
    return {
        "PolicyName": f"{settings.endpoint_name}-provisioned",
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": tracking,
    }


def _call(settings: Settings, operation: str, request: dict[str, Any], sentence: str) -> Call:
    return Call(SERVICE, operation, {**identity(settings), **request}, sentence)
