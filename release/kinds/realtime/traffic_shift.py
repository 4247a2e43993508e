"""How traffic moves from the old fleet to the new one, by ``rollout.strategy``."""

from __future__ import annotations

from math import ceil

from release.kinds.kind import TrafficShift, at_once
from settings.model import Settings


def traffic_shift(settings: Settings, all_at_once: bool) -> TrafficShift:
    rollout = settings.rollout
    if all_at_once or rollout.strategy == "all_at_once":
        return at_once(settings)
    percent = least_share(settings)
    bakes = {"canary": 1, "linear": ceil(100 / percent) - 1, "rolling": ceil(100 / percent)}[rollout.strategy]
    last = 0 if rollout.strategy == "rolling" else rollout.termination_wait_seconds
    return TrafficShift(rollout.strategy, percent, bakes, rollout.wait_seconds, last, rollout.timeout_seconds)


def least_share(settings: Settings) -> int:
    """The smallest part of the traffic that the new fleet has while it is judged, in percent."""
    rollout = settings.rollout
    return {
        "canary": rollout.canary_percent,
        "linear": rollout.linear_step_percent,
        "rolling": rollout.rolling_batch_percent,
        "all_at_once": 100,
    }[rollout.strategy]


def describe(shift: TrafficShift, alarm_count: int) -> str:
    """In words. "At least", because a share is whole instances: 10 % of two is one, which is a half."""
    percent, wait, last = shift.step_percent, shift.wait_seconds, shift.termination_wait_seconds
    steps = {
        "canary": f"at least {percent} % of the traffic for {wait} s, then all of it",
        "linear": f"at least {percent} % more of the traffic every {wait} s",
        "rolling": f"at least {percent} % of the instances every {wait} s",
        "all_at_once": "all traffic at once",
    }[shift.strategy]
    standby = "" if shift.strategy == "rolling" else f"; the old fleet stands by for {last} s"
    guard = f"any of {alarm_count} alarms takes it back" if alarm_count > 1 else "its alarm takes it back"
    return f"{steps}{standby}; {guard}"
