"""Autoscaling of the live variant: registered once, kept through updates, corrected where it differs.

AWS refuses to register an endpoint that is not InService, so these calls come after the rollout.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from release.call import Call
from release.scaling_target import NOT_FOUND, SERVICE, contains, deregister, identity
from release.state.state import State
from settings.model import Settings
from settings.scaling_schedule import ScalingSchedule


def scaling(settings: Settings, state: State, recreate: bool) -> tuple[Call, ...]:
    """``recreate``: the registered target will be gone by then, with its policies and schedules."""
    if not settings.serving.autoscales:
        absent = recreate or state.target is None
        return () if absent else (deregister(settings, "the settings turn autoscaling off"),)
    return tuple(_calls(settings, state, recreate or state.target is None))


def policy_name(settings: Settings) -> str:
    return f"{settings.endpoint_name}-invocations"


def schedule_name(settings: Settings, name: str) -> str:
    return f"{settings.endpoint_name}-{name}"


def _calls(settings: Settings, state: State, create: bool) -> Iterator[Call]:
    if create or not _bounds_match(settings, state.target or {}):
        low, high = settings.serving.autoscaling_min_instances, settings.serving.autoscaling_max_instances
        bounds = {"MinCapacity": low, "MaxCapacity": high}
        yield _call(settings, "register_scalable_target", bounds, f"autoscaling between {low} and {high} instances")
    policies = {} if create else {policy["PolicyName"]: policy for policy in state.policies}
    if not contains(policies.get(policy_name(settings), {}), _policy(settings)):
        aim = f"{settings.serving.autoscaling_target_per_instance} requests per instance and minute"
        yield _call(settings, "put_scaling_policy", _policy(settings), f"autoscaling aims at {aim}")
    yield from _schedules(settings, state, create)


def _schedules(settings: Settings, state: State, create: bool) -> Iterator[Call]:
    current = {} if create else {action["ScheduledActionName"]: action for action in state.schedules}
    desired = {schedule_name(settings, s.name): s for s in settings.serving.autoscaling_schedules}
    for name, schedule in desired.items():
        request = _action(name, schedule)
        if not _is_over(schedule, state.now) and not contains(current.get(name, {}), request):
            low, high = schedule.min_instances, schedule.max_instances
            sentence = f"{schedule.name}, {schedule.expression} in {schedule.timezone}: {low} to {high} instances"
            yield _call(settings, "put_scheduled_action", request, sentence)
    for name in sorted(current):
        if name.startswith(schedule_name(settings, "")) and name not in desired:
            request = {"ScheduledActionName": name}
            sentence = f"the schedule {name} is no longer in the settings"
            yield _call(settings, "delete_scheduled_action", request, sentence, NOT_FOUND)


def _call(
    settings: Settings, operation: str, request: dict[str, Any], sentence: str, ignore: tuple[str, ...] = ()
) -> Call:
    return Call(SERVICE, operation, {**identity(settings), **request}, sentence, ignore)


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


def _action(name: str, schedule: ScalingSchedule) -> dict[str, Any]:
    bounds = {"MinCapacity": schedule.min_instances, "MaxCapacity": schedule.max_instances}
    return {
        "ScheduledActionName": name,
        "Schedule": schedule.expression,
        "Timezone": schedule.timezone,
        "ScalableTargetAction": bounds,
    }


def _bounds_match(settings: Settings, target: Mapping[str, Any]) -> bool:
    """The settings' bounds, or those that one of its schedules has put in force."""
    serving = settings.serving
    legal = {(serving.autoscaling_min_instances, serving.autoscaling_max_instances)}
    legal |= {(schedule.min_instances, schedule.max_instances) for schedule in serving.autoscaling_schedules}
    return (target.get("MinCapacity"), target.get("MaxCapacity")) in legal


def _is_over(schedule: ScalingSchedule, now: datetime | None) -> bool:
    """A time in the past cannot be scheduled: AWS has run the action and deleted it."""
    if now is None or not schedule.expression.startswith("at("):
        return False
    try:
        zone: Any = ZoneInfo(schedule.timezone)
    except (ZoneInfoNotFoundError, ValueError):
        zone = UTC
    return datetime.fromisoformat(schedule.expression[3:-1]).replace(tzinfo=zone) <= now
