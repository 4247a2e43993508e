"""Problems of a DeploymentConfig by AWS's documented limits, found before anything is launched.

The request is valid by AWS's model: required members, enumerations and plain ranges (waits 0-3600, time-out 600-28800,
1-10 alarms).
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from typing import Any

from localcloud.services.sagemaker.endpoints.deployment.stages import Counts, Size, plan

Config = Mapping[str, Any]
MOST_PERCENT = 50
LINEAR_LEAST, BATCH_LEAST = 10, 5
SIZES = {"CANARY": "CanarySize", "LINEAR": "LinearStepSize"}


def problems(config: Config, new: Counts, alarms: Container[str]) -> Iterator[str]:
    """Of any DeploymentConfig, a new endpoint's too."""
    rolling, blue_green = config.get("RollingUpdatePolicy"), config.get("BlueGreenUpdatePolicy")
    if rolling and blue_green:
        yield "Only one of BlueGreenUpdatePolicy and RollingUpdatePolicy can be given."
        return
    for alarm in config.get("AutoRollbackConfiguration", {}).get("Alarms", ()):
        if alarm.get("AlarmName") not in alarms:
            yield f"Could not find the CloudWatch alarm {alarm.get('AlarmName')!r} of AutoRollbackConfiguration."
    limits = [*_rolling(rolling, new)] if rolling else [*_blue_green(blue_green, new)] if blue_green else []
    yield from limits
    if not limits:
        yield from _timeout(config, new)


def update_problems(config: Config, old: Container[str], new: Counts) -> Iterator[str]:
    """Of an update's DeploymentConfig only; ``old`` are the running variants."""
    if config and (missing := [name for name in new if name not in old]):
        yield (
            f"A DeploymentConfig needs the same variant names before and after: {', '.join(missing)} "
            "is not among the endpoint's variants."
        )


def _blue_green(policy: Config, new: Counts) -> Iterator[str]:
    routing = policy["TrafficRoutingConfiguration"]
    kind = routing["Type"]
    for other, name in SIZES.items():
        if other == kind and name not in routing:
            yield f"TrafficRoutingConfiguration of type {kind} needs {name}."
        if other != kind and name in routing:
            yield f"{name} cannot be given for a TrafficRoutingConfiguration of type {kind}."
    if kind in SIZES and (name := SIZES[kind]) in routing:
        yield from _size(name, routing[name], new, LINEAR_LEAST if kind == "LINEAR" else 0)


def _rolling(policy: Config, new: Counts) -> Iterator[str]:
    if len(new) > 1:
        yield "RollingUpdatePolicy is for endpoints with one variant; use BlueGreenUpdatePolicy."
        return
    yield from _size("MaximumBatchSize", policy["MaximumBatchSize"], new, BATCH_LEAST)
    if "RollbackMaximumBatchSize" in policy:
        yield from _size("RollbackMaximumBatchSize", policy["RollbackMaximumBatchSize"], new, BATCH_LEAST, 100)


def _size(name: str, size: Size, new: Counts, least: int, most: int = MOST_PERCENT) -> Iterator[str]:
    value, limits = int(size["Value"]), f"at least {least} % and at most {most} %" if least else f"at most {most} %"
    for variant, count in new.items():
        percent = 100 * value / count if size["Type"] == "INSTANCE_COUNT" else value
        if count < 2 and most < 100:
            yield (
                f"{name} must leave at least one instance to the old fleet: variant {variant} has {count}; "
                "give it two or more, or use ALL_AT_ONCE."
            )
        elif not least <= percent <= most:
            size_text = f"{value} of {count} instances" if size["Type"] == "INSTANCE_COUNT" else f"{value} %"
            yield f"{name} must be {limits} of the variant's instances: it is {size_text} for variant {variant}."


def _timeout(config: Config, new: Counts) -> Iterator[str]:
    planned = plan(config, new, new)
    if planned.timeout is not None and planned.timeout <= planned.waits:
        yield (
            f"MaximumExecutionTimeoutInSeconds is {planned.timeout}: it must be more than the {planned.waits} seconds "
            "that the deployment waits in all."
        )
