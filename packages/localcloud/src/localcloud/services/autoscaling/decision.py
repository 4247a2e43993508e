"""What an alarm makes its scaling policy do.

While an alarm stays in ALARM, its policy looks again every minute, as on AWS. More capacity is reckoned from what there
was before the last scale-out as long as its cooldown lasts: what was added then counts as part of the next step.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from localcloud.services.autoscaling import steps, tracking, variants
from localcloud.services.autoscaling.records import STEPS, TRACKING, Policy, Target
from localcloud.services.autoscaling.scaling import ATTEMPT, Scaling
from localcloud.services.autoscaling.tracking import HIGH, LOW
from localcloud.services.autoscaling.variants import Unreadable
from localcloud.services.cloudwatch.actions import Notice
from localcloud.services.cloudwatch.alarm import Alarm
from localcloud.services.cloudwatch.service import CloudWatch

COOLDOWN = 300  # AWS's default for variants
AGAIN = 60


class Deciding(Scaling):
    def connect(self) -> None:
        super().connect()
        self.cloudwatch = self.cloud.service(CloudWatch)
        self.cloudwatch.watch.actions.on("autoscaling", self.alarmed)

    def alarmed(self, notice: Notice) -> None:
        """CloudWatch performs an alarm's action: without the lock."""
        with self.cloud.lock:
            found = [(t, p) for t in self.targets.values() for p in t.policies.values() if p.arn == notice.arn]
            if not found:
                raise LookupError("There is no such scaling policy.")
            self._heed(*found[0], notice.alarm)

    def _heed(self, target: Target, policy: Policy, name: str) -> None:
        """As long as the alarm goes on, each minute."""
        if waiting := policy.looking.pop(name, None):
            waiting.cancel()
        alarm = self.cloudwatch.alarms.get(name)
        if not alarm or policy.arn not in alarm.settings["AlarmActions"] or alarm.state.value != "ALARM":
            return
        policy.looking[name] = self.cloud.clock.after(AGAIN, partial(self._again, target, policy, name))
        if not target.under_way:
            self._decide(target, policy, alarm)

    def _again(self, target: Target, policy: Policy, name: str) -> None:
        with self.cloud.lock:
            if name in policy.looking:
                self._heed(target, policy, name)

    def _decide(self, target: Target, policy: Policy, alarm: Alarm) -> None:
        cause = f"monitor alarm {alarm.name} in state ALARM triggered policy {policy.name}"
        try:
            now = variants.read(self.cloud, target.resource)
        except Unreadable as problem:
            self.tell(target, ATTEMPT, cause, "Failed", str(problem))
            return
        base = self._base(target, policy, now.instances)
        wanted = self._wanted(target, policy, alarm, base, now.instances)
        if wanted is None or self._suspended(target, out=wanted > now.instances):
            return
        capacity = target.within(wanted)
        if wanted > now.instances >= capacity or wanted < now.instances <= capacity or wanted == now.instances:
            self._not_scaled(target, cause, wanted, now.instances)
        elif capacity > now.instances or not self._resting(target, policy):
            self.scale(target, capacity, cause, base if capacity > now.instances else None)

    def _wanted(self, target: Target, policy: Policy, alarm: Alarm, base: int, current: int) -> int | None:
        """None: nothing is to be done. More than there is is reckoned from ``base``, less from ``current``."""
        values = self._values(alarm)
        if policy.kind == STEPS:
            return _stepped(policy, alarm, values, base, current)
        if not values:
            return None
        goal = policy.settings["TargetValue"]
        if alarm.name == tracking.alarm_name(target.resource, HIGH, policy.alarm):
            return max(current, tracking.wanted(base, values[-1], goal))
        return None if policy.settings.get("DisableScaleIn") else self._fewer(target, current)

    def _fewer(self, target: Target, current: int) -> int | None:
        """Only when every target tracking policy that may remove capacity wants it; as much as suits them all."""
        wanted = []
        for policy in target.policies.values():
            if policy.kind != TRACKING or policy.settings.get("DisableScaleIn"):
                continue
            alarm = self.cloudwatch.alarms.get(tracking.alarm_name(target.resource, LOW, policy.alarm))
            values = self._values(alarm) if alarm and alarm.state.value == "ALARM" else []
            if not values:
                return None
            wanted.append(tracking.wanted(current, max(values), policy.settings["TargetValue"]))
        return min(current, max(wanted))

    def _values(self, alarm: Alarm) -> list[float]:
        """What its state rests on now: the data points that breach, by time."""
        at = int(self.cloud.clock.seconds()) // alarm.every * alarm.every
        found = alarm.judge(alarm.points(self.cloudwatch.store, at))
        return [point.value or 0.0 for point in found.breaching or found.evaluated]

    def _base(self, target: Target, policy: Policy, current: int) -> int:
        last, cooldown = target.last_out, _cooldown(policy, "ScaleOutCooldown")
        return last.base if last and self.cloud.clock.seconds() < last.ended + cooldown else current

    def _resting(self, target: Target, policy: Policy) -> bool:
        last, cooldown = target.last_in, _cooldown(policy, "ScaleInCooldown")
        return last is not None and self.cloud.clock.seconds() < last.ended + cooldown

    def _suspended(self, target: Target, *, out: bool) -> bool:
        return target.suspended[f"DynamicScaling{'Out' if out else 'In'}Suspended"]

    def _not_scaled(self, target: Target, cause: str, wanted: int, current: int) -> None:
        reason: dict[str, Any] = {"Code": "AlreadyAtDesiredCapacity", "CurrentCapacity": current}
        if wanted > current:
            reason = {"Code": "AlreadyAtMaxCapacity", "MaxCapacity": target.high, "CurrentCapacity": current}
        elif wanted < current:
            reason = {"Code": "AlreadyAtMinCapacity", "MinCapacity": target.low, "CurrentCapacity": current}
        self.tell(target, ATTEMPT, cause, "Failed", reasons=[reason])


def _stepped(policy: Policy, alarm: Alarm, values: list[float], base: int, current: int) -> int | None:
    """An alarm that was set by hand has no values: its metric is taken to be at the threshold."""
    how = policy.settings.get("MetricAggregationType", "Average")
    beyond = steps.aggregated(values, how) - alarm.settings["Threshold"] if values else 0.0
    more = steps.wanted(policy.settings, base, beyond)
    if more is not None and more > base:
        return max(more, current)
    return steps.wanted(policy.settings, current, beyond)


def _cooldown(policy: Policy, of_tracking: str) -> int:
    return int(policy.settings.get("Cooldown" if policy.kind == STEPS else of_tracking, COOLDOWN))
