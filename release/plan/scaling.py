"""Autoscaling of the live variant: registered once, kept through updates, put right where it differs.

AWS refuses to register an endpoint that is not InService, so these calls come after the rollout.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from release import names
from release.call import Call
from release.state.state import State
from settings.model import Settings
from settings.scaling_schedule import ScalingSchedule

SERVICE = "application-autoscaling"
GONE = ("ObjectNotFoundException",)


def scaling(settings: Settings, state: State, *, anew: bool) -> tuple[Call, ...]:
    """``anew``: what is registered now will be gone by then, with its policies and schedules."""
    if not settings.serving.autoscales:
        return () if anew or state.target is None else (deregister(settings, "the settings turn autoscaling off"),)
    fresh = anew or state.target is None
    return tuple(_calls(settings, state, fresh))


def deregister(settings: Settings, why: str) -> Call:
    return Call(SERVICE, "deregister_scalable_target", of_variant(settings), f"autoscaling off: {why}", ignore=GONE)


def of_variant(settings: Settings) -> dict[str, str]:
    return {
        "ServiceNamespace": "sagemaker",
        "ResourceId": names.resource_id(settings),
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }


def policy_name(settings: Settings) -> str:
    return f"{settings.endpoint_name}-invocations"


def schedule_name(settings: Settings, name: str) -> str:
    return f"{settings.endpoint_name}-{name}"


def _calls(settings: Settings, state: State, fresh: bool) -> Iterator[Call]:
    if fresh or not _bounds_are_ours(settings, state.target or {}):
        low, high = settings.serving.autoscaling_min_instances, settings.serving.autoscaling_max_instances
        bounds = {"MinCapacity": low, "MaxCapacity": high}
        yield _call(settings, "register_scalable_target", bounds, f"autoscaling between {low} and {high} instances")
    policies = {} if fresh else {policy["PolicyName"]: policy for policy in state.policies}
    if not _contains(policies.get(policy_name(settings), {}), _policy(settings)):
        aim = f"{settings.serving.autoscaling_target_per_instance} requests per instance and minute"
        yield _call(settings, "put_scaling_policy", _policy(settings), f"autoscaling aims at {aim}")
    yield from _schedules(settings, state, fresh)


def _schedules(settings: Settings, state: State, fresh: bool) -> Iterator[Call]:
    there = {} if fresh else {action["ScheduledActionName"]: action for action in state.schedules}
    wanted = {schedule_name(settings, s.name): s for s in settings.serving.autoscaling_schedules}
    for name, schedule in wanted.items():
        request = _scheduled(name, schedule)
        if not _past(schedule, state.now) and not _contains(there.get(name, {}), request):
            low, high = schedule.min_instances, schedule.max_instances
            sentence = f"{schedule.name}, {schedule.expression} in {schedule.timezone}: {low} to {high} instances"
            yield _call(settings, "put_scheduled_action", request, sentence)
    for name in sorted(there):
        if name.startswith(schedule_name(settings, "")) and name not in wanted:
            request = {"ScheduledActionName": name}
            sentence = f"the schedule {name} is no longer in the settings"
            yield _call(settings, "delete_scheduled_action", request, sentence, GONE)


def _call(
    settings: Settings, operation: str, request: dict[str, Any], sentence: str, ignore: tuple[str, ...] = ()
) -> Call:
    return Call(SERVICE, operation, {**of_variant(settings), **request}, sentence, ignore)


def _policy(settings: Settings) -> dict[str, Any]:
    tracking = {
        "TargetValue": float(settings.serving.autoscaling_target_per_instance),
        "PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"},
        "ScaleInCooldown": settings.serving.autoscaling_scale_in_cooldown_seconds,
        "ScaleOutCooldown": settings.serving.autoscaling_scale_out_cooldown_seconds,
    }
    return {
        "PolicyName": policy_name(settings),
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": tracking,
    }


def _scheduled(name: str, schedule: ScalingSchedule) -> dict[str, Any]:
    bounds = {"MinCapacity": schedule.min_instances, "MaxCapacity": schedule.max_instances}
    return {
        "ScheduledActionName": name,
        "Schedule": schedule.expression,
        "Timezone": schedule.timezone,
        "ScalableTargetAction": bounds,
    }


def _bounds_are_ours(settings: Settings, target: Mapping[str, Any]) -> bool:
    """The settings' bounds, or those that one of its schedules has put in force."""
    serving = settings.serving
    ours = {(serving.autoscaling_min_instances, serving.autoscaling_max_instances)}
    ours |= {(schedule.min_instances, schedule.max_instances) for schedule in serving.autoscaling_schedules}
    return (target.get("MinCapacity"), target.get("MaxCapacity")) in ours


def _past(schedule: ScalingSchedule, now: datetime | None) -> bool:
    """A moment that is over cannot be scheduled; AWS has done it and forgotten it."""
    if now is None or not schedule.expression.startswith("at("):
        return False
    try:
        zone: Any = ZoneInfo(schedule.timezone)
    except (ZoneInfoNotFoundError, ValueError):
        zone = UTC
    return datetime.fromisoformat(schedule.expression[3:-1]).replace(tzinfo=zone) <= now


def _contains(there: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    return all(
        _contains(there.get(key) or {}, value) if isinstance(value, Mapping) else there.get(key) == value
        for key, value in wanted.items()
    )
