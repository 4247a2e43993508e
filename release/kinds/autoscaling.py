"""Autoscaling of the live variant: registered once, kept through updates, corrected where it differs.

AWS refuses to register an endpoint that is not InService, so these calls come after the rollout.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from release.call import Call
from release.scaling_target import NOT_FOUND, SERVICE, contains, deregister, identity
from release.state.state import State
from settings.model import Settings
from settings.scaling_schedule import ScalingSchedule


@dataclass(frozen=True)
class Tracking:
    """Target tracking of what a kind of serving scales."""

    name: str  # of the policy, behind that of the endpoint
    unit: str  # as in "2 to 4 instances"
    low: int
    high: int
    metric: str  # PredefinedMetricType
    target: float
    aim: str


def scaling(settings: Settings, state: State, recreate: bool, tracking: Tracking | None) -> tuple[Call, ...]:
    """``recreate``: the registered target will be gone by then, with its policies and schedules. Without ``tracking``
    the settings turn it off."""
    if tracking is None:
        absent = recreate or state.target is None
        return () if absent else (deregister(settings, "the settings turn autoscaling off"),)
    return tuple(_calls(settings, state, recreate or state.target is None, tracking))


def _calls(settings: Settings, state: State, create: bool, tracking: Tracking) -> Iterator[Call]:
    low, high = tracking.low, tracking.high
    if create or not _bounds_match(settings, state.target or {}, tracking):
        bounds = {"MinCapacity": low, "MaxCapacity": high}
        sentence = f"autoscaling between {low} and {high} {tracking.unit}"
        yield _call(settings, "register_scalable_target", bounds, sentence)
    policy = _policy(settings, tracking)
    policies = {} if create else {each["PolicyName"]: each for each in state.policies}
    if not contains(policies.get(policy["PolicyName"], {}), policy):
        yield _call(settings, "put_scaling_policy", policy, f"autoscaling aims at {tracking.aim}")
    yield from _schedules(settings, state, create, tracking.unit)


def _schedules(settings: Settings, state: State, create: bool, unit: str) -> Iterator[Call]:
    current = {} if create else {action["ScheduledActionName"]: action for action in state.schedules}
    desired = {_schedule_name(settings, s.name): s for s in settings.serving.autoscaling_schedules}
    for name, schedule in desired.items():
        request = _action(name, schedule)
        if not _is_over(schedule, state.now) and not contains(current.get(name, {}), request):
            low, high = schedule.min_instances, schedule.max_instances
            sentence = f"{schedule.name}, {schedule.expression} in {schedule.timezone}: {low} to {high} {unit}"
            yield _call(settings, "put_scheduled_action", request, sentence)
    for name in sorted(current):
        if name.startswith(_schedule_name(settings, "")) and name not in desired:
            request = {"ScheduledActionName": name}
            sentence = f"the schedule {name} is no longer in the settings"
            yield _call(settings, "delete_scheduled_action", request, sentence, NOT_FOUND)


def _schedule_name(settings: Settings, name: str) -> str:
    return f"{settings.endpoint_name}-{name}"


def _call(
    settings: Settings, operation: str, request: dict[str, Any], sentence: str, ignore: tuple[str, ...] = ()
) -> Call:
    return Call(SERVICE, operation, {**identity(settings), **request}, sentence, ignore)


def _policy(settings: Settings, tracking: Tracking) -> dict[str, Any]:
    configuration = {
        "TargetValue": float(tracking.target),
        "PredefinedMetricSpecification": {"PredefinedMetricType": tracking.metric},
        "ScaleInCooldown": settings.serving.autoscaling_scale_in_cooldown_seconds,
        "ScaleOutCooldown": settings.serving.autoscaling_scale_out_cooldown_seconds,
    }
    return {
        "PolicyName": f"{settings.endpoint_name}-{tracking.name}",
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": configuration,
    }


def _action(name: str, schedule: ScalingSchedule) -> dict[str, Any]:
    bounds = {"MinCapacity": schedule.min_instances, "MaxCapacity": schedule.max_instances}
    return {
        "ScheduledActionName": name,
        "Schedule": schedule.expression,
        "Timezone": schedule.timezone,
        "ScalableTargetAction": bounds,
    }


def _bounds_match(settings: Settings, target: Mapping[str, Any], tracking: Tracking) -> bool:
    """The settings' bounds, or those that one of its schedules has put in force."""
    legal = {(tracking.low, tracking.high)}
    schedules = settings.serving.autoscaling_schedules
    legal |= {(schedule.min_instances, schedule.max_instances) for schedule in schedules}
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
