"""StateReason and StateReasonData, in AWS's words."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from localcloud.services.cloudwatch.alarm_evaluation import (
    ALARM,
    BREACHING,
    COMPARISONS,
    INSUFFICIENT,
    Datapoint,
    Judgement,
    Rule,
)

UNCHECKED = "Unchecked: Initial alarm creation"
MANY = 5  # data points, from which on only the newest are shown
MOST_TOLD = 20


def reason(rule: Rule, found: Judgement, *, m_of_n: bool) -> str:
    """``m_of_n``: the alarm says DatapointsToAlarm."""
    if found.state == INSUFFICIENT:
        return f"Insufficient Data: {_counted(found.filled, 'datapoint')} {_were(found.filled)} unknown."
    crossed = [p for p in found.evaluated if (p in found.breaching) == (found.state == ALARM)]
    if not crossed:
        received = _counted(len(found.evaluated), "datapoint") if found.evaluated else "no datapoints"
        periods = _counted(rule.periods, "period")
        seen = f"{received} {_were(len(found.evaluated))} received for {periods}"
        return f"Threshold Crossed: {seen}{_stood_in(rule, found)}."
    many = len(crossed) >= MANY
    subject = (
        f"{len(crossed)} out of the last {rule.periods} datapoints" if m_of_n else _counted(len(crossed), "datapoint")
    )
    newest = ", ".join(_shown(point) for point in reversed(crossed[-MANY:]))
    compared = f"{'' if found.state == ALARM else 'not '}{COMPARISONS[rule.comparison][1]} the threshold"
    sentence = f"{subject}{'' if many else f' [{newest}]'} {_were(len(crossed))} {compared} ({java(rule.threshold)})"
    listed = f". The most recent datapoints which crossed the threshold: [{newest}]" if many else ""
    least = _minimum(rule, found) if m_of_n else ""
    return f"Threshold Crossed: {sentence}{_stood_in(rule, found)}{listed}{least}."


def reason_data(
    rule: Rule, found: Judgement, points: Sequence[Datapoint], at: datetime, period: int, settings: dict[str, Any]
) -> str:
    """``settings``: the alarm's unit and statistic, as far as it has them."""
    values = [point.value for point in found.evaluated]
    evaluated = sorted({*found.evaluated, *_empty(points, found)}, key=lambda point: -point.time)
    told = {
        "version": "1.0",
        "queryDate": stamp(at),
        "startDate": stamp(_moment(found.evaluated[0])) if found.evaluated else None,
        **settings,
        "period": period,
        "recentDatapoints": values[-MOST_TOLD:],
        "threshold": rule.threshold,
        "evaluatedDatapoints": [_told(point) for point in evaluated[:MOST_TOLD]],
    }
    return json.dumps({name: value for name, value in told.items() if value is not None}, separators=(",", ":"))


def stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}+0000"


def java(number: float) -> str:
    """As Java writes a double, and AWS with it: 5.0, 1.5E10."""
    plain = repr(float(number))
    if number == 0 or 1e-3 <= abs(number) < 1e7:
        return plain
    shortest = next(text for places in range(17) if float(text := f"{number:.{places}e}") == number)
    digits, _, exponent = shortest.partition("e")
    return f"{digits if '.' in digits else digits + '.0'}E{int(exponent)}"


def _empty(points: Sequence[Datapoint], found: Judgement) -> list[Datapoint]:
    missing = [point for point in points if point.value is None]
    return missing[-found.filled :] if found.filled else []


def _told(point: Datapoint) -> dict[str, Any]:
    told = {"timestamp": stamp(_moment(point)), "sampleCount": point.samples, "value": point.value}
    return {name: value for name, value in told.items() if value is not None}


def _moment(point: Datapoint) -> datetime:
    return datetime.fromtimestamp(point.time, UTC)


def _shown(point: Datapoint) -> str:
    return f"{java(point.value or 0)} ({_moment(point).strftime('%d/%m/%y %H:%M:%S')})"


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _were(number: int) -> str:
    return "was" if number == 1 else "were"


def _stood_in(rule: Rule, found: Judgement) -> str:
    if not found.filled or rule.missing not in ("breaching", "notBreaching"):
        return ""
    as_what = "Breaching" if rule.missing == BREACHING else "NonBreaching"
    missing = _counted(found.filled, "missing datapoint")
    return f" and {missing} {_were(found.filled)} treated as [{as_what}]"


def _minimum(rule: Rule, found: Judgement) -> str:
    if found.state == ALARM:
        return f" (minimum {_counted(rule.to_alarm, 'datapoint')} for OK -> ALARM transition)"
    least = rule.periods - rule.to_alarm + 1
    return f" (minimum {_counted(least, 'datapoint')} for ALARM -> OK transition)"
