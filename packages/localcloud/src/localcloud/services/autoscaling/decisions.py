"""What a scaling policy does when an alarm triggers it.

While an alarm stays in ALARM, its policy decides again every minute, as on AWS. During the cooldown of a scale-out,
more capacity is calculated from the capacity before it: the instances added then count as part of the next step.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from localcloud.core.cloud import Cloud
from localcloud.services.autoscaling import steps, tracking
from localcloud.services.autoscaling.activities import Activities
from localcloud.services.autoscaling.alarms import PolicyAlarms
from localcloud.services.autoscaling.capacity import Capacity
from localcloud.services.autoscaling.records import STEPS, TRACKING, Policy, Target
from localcloud.services.autoscaling.target_store import TargetStore
from localcloud.services.autoscaling.tracking import HIGH, LOW
from localcloud.services.autoscaling.variants import NoVariant, Variants
from localcloud.services.cloudwatch.actions import Action
from localcloud.services.cloudwatch.alarm import Alarm

COOLDOWN = 300  # AWS's default for variants
REPEAT_SECONDS = 60
DESCRIPTION = "Attempting to scale due to alarm triggered"


class Decisions:
    def __init__(
        self,
        cloud: Cloud,
        targets: TargetStore,
        variants: Variants,
        alarms: PolicyAlarms,
        capacity: Capacity,
        activities: Activities,
    ) -> None:
        self._clock, self._lock = cloud.clock, cloud.lock
        self._targets, self._variants, self._alarms = targets, variants, alarms
        self._capacity, self._activities = capacity, activities

    def perform(self, action: Action) -> None:
        """An alarm's action, which CloudWatch performs without the lock."""
        with self._lock:
            policies = ((target, policy) for target in self._targets for policy in target.policies.values())
            triggered = [(target, policy) for target, policy in policies if policy.arn == action.arn]
            if not triggered:
                raise LookupError("There is no such scaling policy.")
            self._follow(*triggered[0], action.alarm)

    def _follow(self, target: Target, policy: Policy, alarm_name: str) -> None:
        """Decides now, and every minute while the alarm stays in ALARM."""
        if timer := policy.timers.pop(alarm_name, None):
            timer.cancel()
        alarm = self._alarms.get(alarm_name)
        if not alarm or policy.arn not in alarm.settings["AlarmActions"] or alarm.state.value != "ALARM":
            return
        repeat = partial(self._repeat, target, policy, alarm_name)
        policy.timers[alarm_name] = self._clock.after(REPEAT_SECONDS, repeat)
        if not target.in_progress:
            self._decide(target, policy, alarm)

    def _repeat(self, target: Target, policy: Policy, alarm_name: str) -> None:
        with self._lock:
            if alarm_name in policy.timers:
                self._follow(target, policy, alarm_name)

    def _decide(self, target: Target, policy: Policy, alarm: Alarm) -> None:
        cause = f"monitor alarm {alarm.name} in state ALARM triggered policy {policy.name}"
        try:
            current = self._variants.read(target.resource, target.dimension).capacity
        except NoVariant as problem:
            self._activities.record(target, DESCRIPTION, cause, "Failed", str(problem))
            return
        base = self._base(target, policy, current)
        desired = self._desired(target, policy, alarm, base, current)
        if desired is None or _suspended(target, out=desired > current):
            return
        capacity = target.within(desired)
        if desired > current >= capacity or desired < current <= capacity or desired == current:
            reason = _not_scaled_reason(target, desired, current)
            self._activities.record(target, DESCRIPTION, cause, "Failed", reasons=[reason])
        elif capacity > current or not self._scale_in_cooldown(target, policy):
            self._capacity.scale(target, capacity, cause, base if capacity > current else None)

    def _desired(self, target: Target, policy: Policy, alarm: Alarm, base: int, current: int) -> int | None:
        """None: nothing to do. More capacity is calculated from ``base``, less from ``current``."""
        values = self._alarms.values(alarm)
        if policy.kind == STEPS:
            return _stepped(policy, alarm, values, base, current)
        if not values:
            return None
        goal = policy.settings["TargetValue"]
        if alarm.name == tracking.alarm_name(target.resource, HIGH, policy.alarm_id):
            return max(current, tracking.new_capacity(base, values[-1], goal))
        return None if policy.settings.get("DisableScaleIn") else self._tracked_scale_in(target, current)

    def _tracked_scale_in(self, target: Target, current: int) -> int | None:
        """Only when all target tracking policies with scale-in enabled agree; the highest of their capacities."""
        capacities = []
        for policy in target.policies.values():
            if policy.kind != TRACKING or policy.settings.get("DisableScaleIn"):
                continue
            alarm = self._alarms.get(tracking.alarm_name(target.resource, LOW, policy.alarm_id))
            values = self._alarms.values(alarm) if alarm and alarm.state.value == "ALARM" else []
            if not values:
                return None
            capacities.append(tracking.new_capacity(current, max(values), policy.settings["TargetValue"]))
        return min(current, max(capacities))

    def _base(self, target: Target, policy: Policy, current: int) -> int:
        last, cooldown = target.last_scale_out, _cooldown(policy, "ScaleOutCooldown")
        return last.base if last and self._clock.seconds() < last.ended + cooldown else current

    def _scale_in_cooldown(self, target: Target, policy: Policy) -> bool:
        last, cooldown = target.last_scale_in, _cooldown(policy, "ScaleInCooldown")
        return last is not None and self._clock.seconds() < last.ended + cooldown


def _suspended(target: Target, *, out: bool) -> bool:
    return target.suspended[f"DynamicScaling{'Out' if out else 'In'}Suspended"]


def _not_scaled_reason(target: Target, desired: int, current: int) -> dict[str, Any]:
    if desired > current:
        return {"Code": "AlreadyAtMaxCapacity", "MaxCapacity": target.high, "CurrentCapacity": current}
    if desired < current:
        return {"Code": "AlreadyAtMinCapacity", "MinCapacity": target.low, "CurrentCapacity": current}
    return {"Code": "AlreadyAtDesiredCapacity", "CurrentCapacity": current}


def _stepped(policy: Policy, alarm: Alarm, values: list[float], base: int, current: int) -> int | None:
    """An alarm whose state was set by hand has no values: its metric is taken to be at the threshold."""
    aggregation = policy.settings.get("MetricAggregationType", "Average")
    difference = steps.aggregate(values, aggregation) - alarm.settings["Threshold"] if values else 0.0
    more = steps.new_capacity(policy.settings, base, difference)
    if more is not None and more > base:
        return max(more, current)
    return steps.new_capacity(policy.settings, current, difference)


def _cooldown(policy: Policy, of_tracking: str) -> int:
    return int(policy.settings.get("Cooldown" if policy.kind == STEPS else of_tracking, COOLDOWN))
