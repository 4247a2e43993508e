"""An alarm's state from its data points, with AWS's rules for missing ones. Pure.

The evaluation range is two periods longer than the evaluation periods (AWS says that it is longer, in an example with
two). If there are as many real points as evaluation periods, the newest of them decide, however old. If there are
fewer, missing points are treated as the setting says, and a real point in the range always counts.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass

OK, ALARM, INSUFFICIENT = "OK", "ALARM", "INSUFFICIENT_DATA"
MISSING, IGNORE, BREACHING, NOT_BREACHING = "missing", "ignore", "breaching", "notBreaching"
EXTRA_PERIODS = 2
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
    low_samples: float = 0  # with fewer values the state is unchanged: percentiles only

    def breaches(self, point: Datapoint) -> bool:
        return point.value is not None and COMPARISONS[self.comparison][0](point.value, self.threshold)


@dataclass(frozen=True)
class Evaluation:
    state: str  # "": unchanged
    evaluated: tuple[Datapoint, ...] = ()  # real points, by time
    breaching: tuple[Datapoint, ...] = ()  # of them
    filled: int = 0  # missing points that were treated as the setting says


def evaluate(rule: Rule, points: Sequence[Datapoint]) -> Evaluation:
    """``points``: the whole range, by time, missing ones included."""
    real = [point for point in points if point.value is not None]
    evaluated = tuple(real[-rule.periods :])
    breaching = tuple(point for point in evaluated if rule.breaches(point))
    evaluation = Evaluation("", evaluated, breaching, rule.periods - len(evaluated))
    if rule.low_samples and evaluated and sum(point.samples or 0 for point in evaluated) < rule.low_samples:
        return evaluation
    return Evaluation(_state(rule, points, evaluation), evaluated, breaching, evaluation.filled)


def _state(rule: Rule, points: Sequence[Datapoint], evaluation: Evaluation) -> str:
    breaching = len(evaluation.breaching) + (evaluation.filled if rule.missing == BREACHING else 0)
    if breaching >= rule.to_alarm:
        return ALARM
    if (
        not evaluation.filled
        or rule.missing in (BREACHING, NOT_BREACHING)
        or len(evaluation.breaching) < len(evaluation.evaluated)
    ):
        return OK
    if rule.missing == IGNORE:
        return ""
    oldest = evaluation.evaluated[0] if evaluation.evaluated else None
    # All real points breach, since as many periods as it takes to alarm
    return ALARM if oldest and len(points) - points.index(oldest) >= rule.to_alarm else INSUFFICIENT
