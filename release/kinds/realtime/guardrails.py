"""The guarded rollout: which alarms take it back, and SageMaker's DeploymentConfig, which says so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from release import judgement_alarms
from release.kinds.kind import Rollout, TrafficShift
from release.kinds.realtime import alarms
from release.kinds.realtime.traffic_shift import describe, traffic_shift
from release.names import watches_new_fleet
from settings.model import Settings

NOT_RETAINED = ("DesiredWeight", "DataCaptureConfig")


def rollout(settings: Settings, config_name: str, all_at_once: bool) -> Rollout:
    shift, own = traffic_shift(settings, all_at_once), alarms.alarms(settings, config_name)
    names = rollback_alarms(settings, config_name, all_at_once)
    parameters: dict[str, Any] = {"DeploymentConfig": deployment_config(settings, shift, names)}
    if settings.serving.autoscales:  # the load determines the count, and not the settings' initial one
        exclude = [{"VariantPropertyType": name} for name in NOT_RETAINED]
        parameters |= {"RetainAllVariantProperties": True, "ExcludeRetainedVariantProperties": exclude}
    return Rollout(
        shift,
        describe(shift, len(names)),
        parameters,
        tuple(own),
        judgement_alarms.calls(settings, config_name, all_at_once),
        names,
        _notes(settings, all_at_once),
    )


def rollback_alarms(settings: Settings, config_name: str, all_at_once: bool) -> tuple[str, ...]:
    """--now is for when the old fleet is bad: an alarm that watches it would only bring it back."""
    judging = judgement_alarms.calls(settings, config_name, all_at_once)
    calls = [call for call in (*alarms.alarms(settings, config_name), *judging) if call.operation == "put_metric_alarm"]
    own = [call.request["AlarmName"] for call in calls]
    if all_at_once:
        return tuple(name for name in own if watches_new_fleet(config_name, name))
    return tuple(dict.fromkeys((*own, *settings.alarms.extra)))


def _notes(settings: Settings, all_at_once: bool) -> tuple[str, ...]:
    strategy = settings.rollout.strategy
    if not all_at_once or strategy == "all_at_once":
        return ()
    guard = "only the new fleet's own alarms take it back, because the old one may be what is wrong"
    return (f"--now: all traffic at once instead of {strategy}; {guard}",)


def deployment_config(settings: Settings, shift: TrafficShift, alarm_names: Sequence[str]) -> dict[str, Any]:
    policy = _rolling(settings, shift) if shift.strategy == "rolling" else _blue_green(shift)
    return policy | {"AutoRollbackConfiguration": {"Alarms": [{"AlarmName": name} for name in alarm_names]}}


def _blue_green(shift: TrafficShift) -> dict[str, Any]:
    routing: dict[str, Any] = {"Type": shift.strategy.upper(), "WaitIntervalInSeconds": shift.wait_seconds}
    size = {"canary": "CanarySize", "linear": "LinearStepSize"}.get(shift.strategy)
    if size:
        routing[size] = _percent(shift.step_percent)
    policy = {
        "TrafficRoutingConfiguration": routing,
        "TerminationWaitInSeconds": shift.termination_wait_seconds,
        "MaximumExecutionTimeoutInSeconds": shift.timeout_seconds,
    }
    return {"BlueGreenUpdatePolicy": policy}


def _rolling(settings: Settings, shift: TrafficShift) -> dict[str, Any]:
    policy = {
        "MaximumBatchSize": _percent(shift.step_percent),
        "WaitIntervalInSeconds": shift.wait_seconds,
        "MaximumExecutionTimeoutInSeconds": shift.timeout_seconds,
        "RollbackMaximumBatchSize": _percent(settings.rollout.rolling_rollback_percent),
    }
    return {"RollingUpdatePolicy": policy}


def _percent(value: int) -> dict[str, Any]:
    return {"Type": "CAPACITY_PERCENT", "Value": value}
