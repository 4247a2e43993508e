"""Step scaling: the difference between a metric and its alarm's threshold selects the adjustment. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

PERCENT, EXACT = "PercentChangeInCapacity", "ExactCapacity"
LOWER, UPPER = "MetricIntervalLowerBound", "MetricIntervalUpperBound"
MAX_STEPS = 20
Step = Mapping[str, Any]


def problems(settings: Mapping[str, Any]) -> Iterator[str]:
    steps = settings.get("StepAdjustments", ())
    if "AdjustmentType" not in settings or not steps:
        yield "A step scaling policy needs AdjustmentType and at least one of StepAdjustments."
        return
    if len(steps) > MAX_STEPS:
        yield f"A policy has at most {MAX_STEPS} step adjustments; this one has {len(steps)}."
    if any(_low(step) >= _high(step) for step in steps):
        yield f"In a step, {LOWER} must be less than {UPPER}."
        return
    ordered = sorted(steps, key=_low)
    for before, after in pairwise(ordered):
        if _high(before) > _low(after):
            yield "The intervals of step adjustments must not overlap."
        elif _high(before) < _low(after):
            yield "There must be no gap between the intervals of step adjustments."
    if _low(ordered[0]) not in (0, -math.inf) and _low(ordered[0]) < 0:
        yield f"Where a {LOWER} is negative, one step must have none."
    if _high(ordered[-1]) not in (0, math.inf) and _high(ordered[-1]) > 0:
        yield f"Where a {UPPER} is positive, one step must have none."
    if settings.get("MinAdjustmentMagnitude") and settings["AdjustmentType"] != PERCENT:
        yield f"MinAdjustmentMagnitude is only for {PERCENT}."
    if settings["AdjustmentType"] == EXACT and any(step["ScalingAdjustment"] < 0 for step in steps):
        yield f"ScalingAdjustment must not be negative for {EXACT}."


def aggregate(values: Sequence[float], aggregation: str) -> float:
    """Of the breaching data points."""
    return {"Minimum": min(values), "Maximum": max(values), "Average": sum(values) / len(values)}[aggregation]


def new_capacity(settings: Mapping[str, Any], capacity: int, difference: float) -> int | None:
    """``difference``: the metric minus its threshold. None when no step applies."""
    step = next((step for step in settings["StepAdjustments"] if _applies(step, difference)), None)
    if step is None:
        return None
    adjustment = step["ScalingAdjustment"]
    if settings["AdjustmentType"] == EXACT:
        return int(adjustment)
    if settings["AdjustmentType"] == PERCENT:
        adjustment = _percent(capacity, adjustment, settings.get("MinAdjustmentMagnitude", 1))
    return max(0, capacity + int(adjustment))


def _applies(step: Step, difference: float) -> bool:
    """The bound nearer to the threshold belongs to the interval, the other does not."""
    if difference >= 0:
        return _low(step) <= difference < _high(step)
    return _low(step) < difference <= _high(step)


def _percent(capacity: int, percent: int, least: int) -> int:
    """Rounded towards zero, but never to zero."""
    change = math.trunc(capacity * percent / 100)
    size = max(abs(change), least, 1) if percent else 0
    return size if percent > 0 else -size


def _low(step: Step) -> float:
    return float(step.get(LOWER, -math.inf))


def _high(step: Step) -> float:
    return float(step.get(UPPER, math.inf))
