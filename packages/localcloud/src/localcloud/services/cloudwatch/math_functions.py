"""The functions of metric math, as AWS documents them.

Not reproduced: SEARCH, SELECT, SORT, SLICE, ANOMALY_DETECTION_BAND, INSIGHT_RULE_METRIC, SERVICE_QUOTA, and the
functions of the calendar (MINUTE to EPOCH).
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, pairwise

from localcloud.services.cloudwatch.math_expressions import BadExpression
from localcloud.services.cloudwatch.math_values import Option, Scalar, Series, Value, all_times, longest_period
from localcloud.services.cloudwatch.metric_store import Grid

Function = Callable[[Sequence[Value], Grid], Value]
FUNCTIONS: dict[str, Function] = {}


def call(name: str, arguments: Sequence[Value], grid: Grid) -> Value:
    """``grid`` is for functions without a series among their arguments."""
    if name not in FUNCTIONS:
        raise BadExpression(f"localcloud has no function {name}; it has {', '.join(sorted(FUNCTIONS))} and METRICS")
    return FUNCTIONS[name](arguments, grid)


def _count(name: str, arguments: Sequence[Value], least: int, most: int) -> None:
    if not least <= len(arguments) <= most:
        expected = str(least) if least == most else f"{least} to {most}"
        raise BadExpression(f"{name} takes {expected} argument{'s'[: most > 1]}, not {len(arguments)}")


# One series to another, or each of a list.


def _each(name: str, change: Callable[[Series], Iterator[tuple[int, Scalar]]]) -> None:
    def function(arguments: Sequence[Value], _: Grid) -> Value:
        _count(name, arguments, 1, 1)
        value = arguments[0]
        if isinstance(value, Series):
            return value.with_points(change(value))
        if isinstance(value, list):
            return [each.with_points(change(each)) for each in value]
        raise BadExpression(f"{name} needs a time series")

    FUNCTIONS[name] = function


def _points(change: Callable[[float], float]) -> Callable[[Series], Iterator[tuple[int, Scalar]]]:
    def changed(series: Series) -> Iterator[tuple[int, Scalar]]:
        for time, value in series.points.items():
            try:
                yield time, float(change(value))
            except (ArithmeticError, ValueError):
                continue  # the logarithm of what is not positive

    return changed


def _steps(change: Callable[[float, float], float]) -> Callable[[Series], Iterator[tuple[int, Scalar]]]:
    """From the difference to the value before, in value and in seconds."""
    return lambda series: (
        (time, change(value - before, time - earlier))
        for (earlier, before), (time, value) in pairwise(series.points.items())
    )


_each("ABS", _points(abs))
_each("CEIL", _points(math.ceil))
_each("FLOOR", _points(math.floor))
_each("LOG", _points(math.log))
_each("LOG10", _points(math.log10))
_each("DIFF", _steps(lambda value, _: value))
_each("DIFF_TIME", _steps(lambda _, seconds: seconds))
_each("RATE", _steps(lambda value, seconds: value / seconds))
_each("RUNNING_SUM", lambda series: zip(series.points, accumulate(series.points.values()), strict=True))


# A series to a number; a list to a series, time by time.


def _summary(name: str, of: Callable[[Sequence[float]], float], *, zeros: bool = False) -> None:
    """``zeros``: in a list, what is missing counts as 0."""

    def function(arguments: Sequence[Value], grid: Grid) -> Value:
        _count(name, arguments, 1, 1)
        value = arguments[0]
        if isinstance(value, Series):
            return float(of(list(value.points.values()))) if value.points else None
        if isinstance(value, list):
            pattern = longest_period(*value) if value else Series({}, grid)
            return pattern.with_points((time, float(of(_column(value, time, zeros)))) for time in all_times(*value))
        raise BadExpression(f"{name} needs a time series or a list of them")

    FUNCTIONS[name] = function


def _column(series: Sequence[Series], time: int, zeros: bool) -> list[float]:
    if zeros:
        return [each.points.get(time, 0.0) for each in series]
    return [each.points[time] for each in series if time in each.points]


_summary("SUM", sum)
_summary("AVG", statistics.fmean, zeros=True)
_summary("MIN", min)
_summary("MAX", max)
_summary("STDDEV", statistics.pstdev)
_summary("DATAPOINT_COUNT", len)


# Other functions.


def _named(name: str, least: int, most: int) -> Callable[[Function], Function]:
    def register(function: Function) -> Function:
        def checked(arguments: Sequence[Value], grid: Grid) -> Value:
            _count(name, arguments, least, most)
            return function(arguments, grid)

        FUNCTIONS[name] = checked
        return function

    return register


@_named("PERIOD", 1, 1)
def _period(arguments: Sequence[Value], _: Grid) -> Value:
    return float(_series("PERIOD", arguments[0]).grid.period)


@_named("TIME_SERIES", 1, 1)
def _time_series(arguments: Sequence[Value], grid: Grid) -> Value:
    value, everywhere = arguments[0], Series({}, grid)
    if isinstance(value, Series | list | Option):
        raise BadExpression("TIME_SERIES needs a number")
    return everywhere.with_points((time, value) for time in everywhere.times())


@_named("METRIC_COUNT", 1, 1)
def _metric_count(arguments: Sequence[Value], _: Grid) -> Value:
    return float(len(_list("METRIC_COUNT", arguments[0])))


@_named("REMOVE_EMPTY", 1, 1)
def _remove_empty(arguments: Sequence[Value], _: Grid) -> Value:
    return [each for each in _list("REMOVE_EMPTY", arguments[0]) if each.points]


@_named("FIRST", 1, 1)
def _first(arguments: Sequence[Value], grid: Grid) -> Value:
    return next(iter(_list("FIRST", arguments[0])), Series({}, grid))


@_named("LAST", 1, 1)
def _last(arguments: Sequence[Value], grid: Grid) -> Value:
    return next(reversed(_list("LAST", arguments[0])), Series({}, grid))


@_named("FILL", 2, 2)
def _fill(arguments: Sequence[Value], _: Grid) -> Value:
    value, filler = arguments
    if isinstance(value, list):
        return [_filled(each, filler) for each in value]
    return _filled(_series("FILL", value), filler)


def _filled(series: Series, filler: Value) -> Series:
    if isinstance(filler, Series):
        return series.with_points((time, series.points.get(time, filler.points.get(time))) for time in series.times())
    if isinstance(filler, Option) and filler.text in ("REPEAT", "LINEAR"):
        between = _line if filler.text == "LINEAR" else _repeat
        return series.with_points(between(series))
    if isinstance(filler, list | Option):
        raise BadExpression("FILL fills with a number, a time series, REPEAT or LINEAR")
    return series.with_points((time, series.points.get(time, filler)) for time in series.times())


def _repeat(series: Series) -> Iterator[tuple[int, Scalar]]:
    known: Scalar = None
    for time in series.times():
        known = series.points.get(time, known)
        yield time, known


def _line(series: Series) -> Iterator[tuple[int, Scalar]]:
    yield from series.points.items()
    period = series.grid.period
    for (start, low), (end, high) in pairwise(series.points.items()):
        for time in range(start + period, end, period):
            yield time, low + (high - low) * (time - start) / (end - start)


@_named("IF", 2, 3)
def _if(arguments: Sequence[Value], grid: Grid) -> Value:
    """A series as the condition decides at each time; true without a value is 0, false without one is missing."""
    condition, then, *rest = arguments
    otherwise = rest[0] if rest else Series({}, grid)
    if any(isinstance(value, list | Option) for value in arguments):
        raise BadExpression("IF needs numbers and time series, not lists of them")
    if not isinstance(condition, Series):
        return then if condition else otherwise
    return condition.with_points(
        (time, _value_at(then, time, 0.0) if value else _value_at(otherwise, time, None))
        for time, value in condition.points.items()
    )


def _value_at(value: Value, time: int, missing: Scalar) -> Scalar:
    if isinstance(value, Series):
        return value.points.get(time, missing)
    return value  # type: ignore[return-value]  # a number: lists and options were refused


def _series(name: str, value: Value) -> Series:
    if not isinstance(value, Series):
        raise BadExpression(f"{name} needs a time series")
    return value


def _list(name: str, value: Value) -> list[Series]:
    if not isinstance(value, list):
        raise BadExpression(f"{name} needs a list of time series")
    return value
