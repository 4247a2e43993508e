"""The stages of a deployment as data: planned from a DeploymentConfig and the sizes of both sides.

    blue/green   the whole green side is launched; it takes traffic in steps, with a bake after each; blue is terminated
    rolling      batch by batch: green grows, takes its part of the traffic, bakes, then as much of blue is terminated
    rollback     the same for every strategy: blue grows to what it was, takes the traffic, green is terminated

A canary of n of N instances takes n/N of its variant's traffic. A percentage is rounded down to whole instances, and
is at least one. ALL_AT_ONCE has one bake, TerminationWaitInSeconds, as every blue/green strategy has at its end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

GREEN, BLUE = "green", "blue"
CREATING, ACTIVATING, BAKING, DELETING = "Creating", "ActivatingTraffic", "Baking", "Deleting"  # VariantStatus
WAIT, TERMINATION = "WaitIntervalInSeconds", "TerminationWaitInSeconds"
Counts = Mapping[str, int]  # instances by variant
Size = Mapping[str, Any]  # CapacitySize: Type and Value


@dataclass(frozen=True)
class Stage:
    """``counts`` are the instances of one side at its end: launched, with traffic, baked, or remaining."""

    status: str
    side: str
    counts: Counts
    seconds: int = 0
    setting: str = ""  # where a bake's seconds come from
    part: str = "full"  # full, canary, linear, batch: AWS's name for the instances with traffic

    def message(self, variant: str, now: int) -> str:
        """The VariantStatus's StatusMessage; ``now`` is the variant's number of instances."""
        count = self.counts.get(variant, 0)
        capacity = f"{self.part} capacity of {count} instance(s)."
        match self.status:
            case "Creating":
                return f"Launching {max(0, count - now)} instance(s)."
            case "ActivatingTraffic":
                return f"Activating traffic on {capacity}"
            case "Baking":
                return f"Baking for {self.seconds} seconds ({self.setting}) with traffic enabled on {capacity}"
            case _:
                return f"Terminating {max(0, now - count)} instance(s)."


@dataclass(frozen=True)
class Plan:
    stages: tuple[Stage, ...]
    rollback_batch: Size | None = None  # None: the whole old side at once
    timeout: int | None = None
    alarms: tuple[str, ...] = ()

    @property
    def waits(self) -> int:
        return sum(stage.seconds for stage in self.stages)


def first(new: Counts) -> Plan:
    """Of a new endpoint, whatever its DeploymentConfig: there is no traffic to shift."""
    return Plan((Stage(CREATING, GREEN, new), Stage(ACTIVATING, GREEN, new)))


def plan(config: Mapping[str, Any], old: Counts, new: Counts) -> Plan:
    """An empty config is AWS's default: blue/green, all at once, without a bake."""
    rolling, blue_green = config.get("RollingUpdatePolicy"), config.get("BlueGreenUpdatePolicy", {})
    alarms = config.get("AutoRollbackConfiguration", {}).get("Alarms", ())
    names = tuple(alarm["AlarmName"] for alarm in alarms if "AlarmName" in alarm)
    policy = rolling or blue_green
    stages = _rolling(policy, old, new) if rolling else _blue_green(policy, old, new)
    timeout = policy.get("MaximumExecutionTimeoutInSeconds")
    return Plan(tuple(stages), policy.get("RollbackMaximumBatchSize"), timeout, names)


def rollback(batch: Size | None, now: Counts, old: Counts, new: Counts) -> Iterator[Stage]:
    """``now`` are the remaining instances of the old side's ``old``; ``new`` are the new side's at most."""
    steps = {name: instances(batch, count) if batch else count for name, count in old.items()}
    current = dict(now)
    while True:
        grown = {name: min(old[name], current.get(name, 0) + steps[name]) for name in old}
        if grown != current:
            yield Stage(CREATING, BLUE, grown)
        full = grown == dict(old)
        if old:
            yield Stage(ACTIVATING, BLUE, grown, part="full" if full else "batch")
        yield Stage(
            DELETING, GREEN, {name: 0 if full else _remaining(new[name], grown.get(name, 0), old) for name in new}
        )
        if full:
            return
        current = grown


def instances(size: Size, total: int) -> int:
    """The number of instances that a CapacitySize means of ``total``."""
    value = int(size["Value"])
    return max(1, value if size["Type"] == "INSTANCE_COUNT" else total * value // 100)


def _blue_green(policy: Mapping[str, Any], old: Counts, new: Counts) -> Iterator[Stage]:
    routing = policy.get("TrafficRoutingConfiguration", {})
    yield Stage(CREATING, GREEN, new)
    for part, counts in _steps(routing, new):
        yield Stage(ACTIVATING, GREEN, counts, part=part)
        yield from _bake(counts, routing, WAIT, part)
    yield Stage(ACTIVATING, GREEN, new)
    yield from _bake(new, policy, TERMINATION, "full")
    yield Stage(DELETING, BLUE, dict.fromkeys(old, 0))


def _steps(routing: Mapping[str, Any], new: Counts) -> Iterator[tuple[str, Counts]]:
    """The instances of green that take traffic before all do."""
    match routing.get("Type"):
        case "CANARY":
            yield "canary", {name: instances(routing["CanarySize"], count) for name, count in new.items()}
        case "LINEAR":
            step = {name: instances(routing["LinearStepSize"], count) for name, count in new.items()}
            counts = step
            while counts != dict(new):
                yield "linear", counts
                counts = {name: min(new[name], counts[name] + step[name]) for name in new}


def _rolling(policy: Mapping[str, Any], old: Counts, new: Counts) -> Iterator[Stage]:
    step = {name: instances(policy["MaximumBatchSize"], count) for name, count in new.items()}
    current: dict[str, int] = dict.fromkeys(new, 0)
    while current != dict(new):
        current = {name: min(new[name], current[name] + step[name]) for name in new}
        part = "full" if current == dict(new) else "batch"
        yield Stage(CREATING, GREEN, current)
        yield Stage(ACTIVATING, GREEN, current, part=part)
        yield from _bake(current, policy, WAIT, part)
        yield Stage(DELETING, BLUE, {name: _remaining(count, current.get(name, 0), new) for name, count in old.items()})


def _remaining(count: int, moved: int, whole: Counts) -> int:
    """Of ``count`` instances on one side, when the other side has ``moved`` of ``whole``."""
    total = max(whole.values(), default=0)  # rolling deployments have one variant
    return count - count * moved // total if total else 0


def _bake(counts: Counts, policy: Mapping[str, Any], setting: str, part: str) -> Iterator[Stage]:
    if seconds := int(policy.get(setting, 0)):
        yield Stage(BAKING, GREEN, counts, seconds, setting, part)
