"""How traffic moves from the old fleet to the new one: SageMaker's DeploymentConfig, and its numbers for the watch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from settings.model import Settings

LEAST_TIME_BESIDES_WAITS = 600  # seconds that --now leaves for starting the instances


@dataclass(frozen=True)
class Watch:
    """The numbers of the way from the old fleet to the new one."""

    strategy: str  # canary, linear, rolling, all_at_once
    step_percent: int  # the first share, each step, or each batch; 100 with all_at_once
    steps: int  # bakes before all traffic has moved
    wait_seconds: int  # each of them
    termination_wait_seconds: int  # the last one, with all traffic on the new fleet
    timeout_seconds: int


def watch(settings: Settings, all_at_once: bool) -> Watch:
    rollout = settings.rollout
    if all_at_once or rollout.strategy == "all_at_once":
        ending = rollout.termination_wait_seconds
        timeout = max(rollout.timeout_seconds, ending + LEAST_TIME_BESIDES_WAITS)
        return Watch("all_at_once", 100, 0, 0, ending, timeout)
    percent = share(settings)
    bakes = {"canary": 1, "linear": ceil(100 / percent) - 1, "rolling": ceil(100 / percent)}[rollout.strategy]
    ending = 0 if rollout.strategy == "rolling" else rollout.termination_wait_seconds
    return Watch(rollout.strategy, percent, bakes, rollout.wait_seconds, ending, rollout.timeout_seconds)


def share(settings: Settings) -> int:
    """The least part of the traffic that the new fleet has while it is judged, in percent."""
    rollout = settings.rollout
    return {
        "canary": rollout.canary_percent,
        "linear": rollout.linear_step_percent,
        "rolling": rollout.rolling_batch_percent,
        "all_at_once": 100,
    }[rollout.strategy]


def deployment_config(settings: Settings, numbers: Watch, alarm_names: Sequence[str]) -> dict[str, Any]:
    policy = _rolling(settings, numbers) if numbers.strategy == "rolling" else _blue_green(numbers)
    if alarm_names:  # an empty list is refused; no list means that nothing rolls back by itself
        policy["AutoRollbackConfiguration"] = {"Alarms": [{"AlarmName": name} for name in alarm_names]}
    return policy


def _blue_green(numbers: Watch) -> dict[str, Any]:
    routing: dict[str, Any] = {"Type": numbers.strategy.upper(), "WaitIntervalInSeconds": numbers.wait_seconds}
    size = {"canary": "CanarySize", "linear": "LinearStepSize"}.get(numbers.strategy)
    if size:
        routing[size] = _percent(numbers.step_percent)
    policy = {
        "TrafficRoutingConfiguration": routing,
        "TerminationWaitInSeconds": numbers.termination_wait_seconds,
        "MaximumExecutionTimeoutInSeconds": numbers.timeout_seconds,
    }
    return {"BlueGreenUpdatePolicy": policy}


def _rolling(settings: Settings, numbers: Watch) -> dict[str, Any]:
    policy = {
        "MaximumBatchSize": _percent(numbers.step_percent),
        "WaitIntervalInSeconds": numbers.wait_seconds,
        "MaximumExecutionTimeoutInSeconds": numbers.timeout_seconds,
        "RollbackMaximumBatchSize": _percent(settings.rollout.rolling_rollback_percent),
    }
    return {"RollingUpdatePolicy": policy}


def _percent(value: int) -> dict[str, Any]:
    return {"Type": "CAPACITY_PERCENT", "Value": value}


def told(numbers: Watch, alarms: int) -> str:
    """The way in words. At least, because a share is whole instances: 10 % of two is one, which is a half."""
    percent, wait, ending = numbers.step_percent, numbers.wait_seconds, numbers.termination_wait_seconds
    way = {
        "canary": f"at least {percent} % of the traffic for {wait} s, then all of it",
        "linear": f"at least {percent} % more of the traffic every {wait} s",
        "rolling": f"at least {percent} % of the instances every {wait} s",
        "all_at_once": "all traffic at once",
    }[numbers.strategy]
    standby = "" if numbers.strategy == "rolling" else f"; the old fleet stands by for {ending} s"
    guard = f"any of {alarms} alarms takes it back" if alarms > 1 else "its alarm takes it back"
    return f"{way}{standby}; {guard if alarms else 'no alarm takes it back'}"
