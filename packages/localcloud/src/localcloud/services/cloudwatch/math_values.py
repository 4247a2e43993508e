"""The values of metric math: numbers, time series, lists of them, and how operators work on them.

``None`` is an unknown number, such as the sum of no data. An operation between two series treats a data point that one
of them lacks as 0; without a result (a division by zero) there is no data point.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from localcloud.services.cloudwatch.math_expressions import BadExpression
from localcloud.services.cloudwatch.metric_store import Grid

Scalar = float | None
MAX_POINTS = 100_800


@dataclass(frozen=True)
class Series:
    points: Mapping[int, float]  # by time, ascending
    grid: Grid
    label: str = ""
    samples: Mapping[int, float] = field(default_factory=dict)  # the number of values of each point; metrics only

    def with_points(self, points: Iterable[tuple[int, Scalar]]) -> Series:
        known = sorted((time, value) for time, value in points if value is not None and math.isfinite(value))
        return replace(self, points=dict(known), samples={})

    def times(self) -> range:
        """All periods, with data or without."""
        if len(self.grid) > MAX_POINTS:
            raise BadExpression(f"it would fill more than {MAX_POINTS} data points; choose a longer period")
        return self.grid.times()


@dataclass(frozen=True)
class Option:
    """A word or a text among a function's arguments."""

    text: str


Value = Scalar | Series | list[Series] | Option
Operation = Callable[[float, float], float]


def _power(base: float, exponent: float) -> float:
    value = base**exponent
    return value if isinstance(value, float) else math.nan  # a root of a negative number


OPERATORS: dict[str, Operation] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "^": _power,
    "==": lambda a, b: float(a == b),
    "!=": lambda a, b: float(a != b),
    "<": lambda a, b: float(a < b),
    "<=": lambda a, b: float(a <= b),
    ">": lambda a, b: float(a > b),
    ">=": lambda a, b: float(a >= b),
    "AND": lambda a, b: float(a != 0 and b != 0),
    "OR": lambda a, b: float(a != 0 or b != 0),
}


def calculate(operation: Operation, left: Scalar, right: Scalar) -> Scalar:
    if left is None or right is None:
        return None
    try:
        value = operation(left, right)
    except (ArithmeticError, ValueError):
        return None
    return value if math.isfinite(value) else None


def combine(symbol: str, left: Value, right: Value) -> Value:
    operation = OPERATORS[symbol]
    if isinstance(left, Option) or isinstance(right, Option):
        raise BadExpression(f"{symbol} needs numbers or time series on both sides")
    if isinstance(left, list) and isinstance(right, list):
        raise BadExpression(f"{symbol} cannot stand between two lists of time series")
    if isinstance(left, list):
        return [_pair(operation, each, right) for each in left]  # type: ignore[arg-type]
    if isinstance(right, list):
        return [_pair(operation, left, each) for each in right]
    if isinstance(left, Series) or isinstance(right, Series):
        return _pair(operation, left, right)
    return calculate(operation, left, right)


def _pair(operation: Operation, left: Scalar | Series, right: Scalar | Series) -> Series:
    """At least one of them is a series, and so is the result."""
    pattern = longest_period(*(side for side in (left, right) if isinstance(side, Series)))
    points = ((time, calculate(operation, _at(left, time), _at(right, time))) for time in all_times(left, right))
    return pattern.with_points(points)


def _at(value: Scalar | Series, time: int) -> Scalar:
    return value.points.get(time, 0.0) if isinstance(value, Series) else value


def all_times(*values: Value) -> list[int]:
    """All times at which any of the series has data."""
    return sorted({time for value in values if isinstance(value, Series) for time in value.points})


def longest_period(*series: Series) -> Series:
    return max(series, key=lambda each: each.grid.period)
