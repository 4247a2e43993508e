"""What an alarm's data points say, with AWS's rules for the missing ones. Pure.

Two periods more than the evaluation periods are looked at (AWS tells that it looks further, by an example with two).
As many real points as there are evaluation periods decide alone, the newest of them, however old. Where there are
fewer, the setting for missing data stands in for the rest, and a real point in the range always counts.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass

OK, ALARM, INSUFFICIENT = "OK", "ALARM", "INSUFFICIENT_DATA"
MISSING, IGNORE, BREACHING, NOT_BREACHING = "missing", "ignore", "breaching", "notBreaching"
FURTHER = 2  # periods
COMPARISONS: dict[str, tuple[Callable[[float, float], bool], str]] = {
    "GreaterThanOrEqualToThreshold": (operator.ge, "greater than or equal to"),
    "GreaterThanThreshold": (operator.gt, "greater than"),
    "LessThanThreshold": (operator.lt, "less than"),
    "LessThanOrEqualToThreshold": (operator.le, "less than or equal to"),
}


@dataclass(frozen=True)
class Datapoint:
    time: int
    value: float | None = None  # None: missing
    samples: float | None = None


@dataclass(frozen=True)
class Rule:
    comparison: str
    threshold: float
    periods: int  # N
    to_alarm: int  # M
    missing: str = MISSING
    low_samples: float = 0  # with fewer values than this, the state stays: percentiles only

    def breaches(self, point: Datapoint) -> bool:
        return point.value is not None and COMPARISONS[self.comparison][0](point.value, self.threshold)


@dataclass(frozen=True)
class Judgement:
    state: str  # "": as it is
    evaluated: tuple[Datapoint, ...] = ()  # the real ones, by time
    breaching: tuple[Datapoint, ...] = ()  # of them
    filled: int = 0  # missing ones that were stood in for


def judge(rule: Rule, points: Sequence[Datapoint]) -> Judgement:
    """``points``: the whole range, by time, the missing ones among them."""
    real = [point for point in points if point.value is not None]
    evaluated = tuple(real[-rule.periods :])
    breaching = tuple(point for point in evaluated if rule.breaches(point))
    found = Judgement("", evaluated, breaching, rule.periods - len(evaluated))
    if rule.low_samples and evaluated and sum(point.samples or 0 for point in evaluated) < rule.low_samples:
        return found
    return Judgement(_state(rule, points, found), evaluated, breaching, found.filled)


def _state(rule: Rule, points: Sequence[Datapoint], found: Judgement) -> str:
    breaching = len(found.breaching) + (found.filled if rule.missing == BREACHING else 0)
    if breaching >= rule.to_alarm:
        return ALARM
    if not found.filled or rule.missing in (BREACHING, NOT_BREACHING) or len(found.breaching) < len(found.evaluated):
        return OK
    if rule.missing == IGNORE:
        return ""
    oldest = found.evaluated[0] if found.evaluated else None
    # All there is breaches, and has stood unrefuted for as many periods as it takes to alarm
    return ALARM if oldest and len(points) - points.index(oldest) >= rule.to_alarm else INSUFFICIENT
