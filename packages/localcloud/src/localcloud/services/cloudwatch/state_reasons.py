"""StateReason and StateReasonData, as AWS writes them."""

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
    Evaluation,
    Rule,
)

UNCHECKED = "Unchecked: Initial alarm creation"
MANY = 5  # from so many data points on, only the newest are shown
MAX_DATAPOINTS = 20


def reason(rule: Rule, evaluation: Evaluation, *, m_of_n: bool) -> str:
    """``m_of_n``: the alarm has DatapointsToAlarm."""
    if evaluation.state == INSUFFICIENT:
        return f"Insufficient Data: {_count(evaluation.filled, 'datapoint')} {_were(evaluation.filled)} unknown."
    crossed = [p for p in evaluation.evaluated if (p in evaluation.breaching) == (evaluation.state == ALARM)]
    if not crossed:
        received = _count(len(evaluation.evaluated), "datapoint") if evaluation.evaluated else "no datapoints"
        periods = _count(rule.periods, "period")
        seen = f"{received} {_were(len(evaluation.evaluated))} received for {periods}"
        return f"Threshold Crossed: {seen}{_treated(rule, evaluation)}."
    many = len(crossed) >= MANY
    subject = (
        f"{len(crossed)} out of the last {rule.periods} datapoints" if m_of_n else _count(len(crossed), "datapoint")
    )
    newest = ", ".join(_render(point) for point in reversed(crossed[-MANY:]))
    compared = f"{'' if evaluation.state == ALARM else 'not '}{COMPARISONS[rule.comparison][1]} the threshold"
    sentence = (
        f"{subject}{'' if many else f' [{newest}]'} {_were(len(crossed))} {compared} ({java_double(rule.threshold)})"
    )
    listed = f". The most recent datapoints which crossed the threshold: [{newest}]" if many else ""
    least = _minimum(rule, evaluation) if m_of_n else ""
    return f"Threshold Crossed: {sentence}{_treated(rule, evaluation)}{listed}{least}."


def reason_data(
    rule: Rule, evaluation: Evaluation, points: Sequence[Datapoint], at: datetime, period: int, settings: dict[str, Any]
) -> str:
    """``settings``: the alarm's unit and statistic, if it has them."""
    values = [point.value for point in evaluation.evaluated]
    evaluated = sorted({*evaluation.evaluated, *_filled(points, evaluation)}, key=lambda point: -point.time)
    members = {
        "version": "1.0",
        "queryDate": timestamp(at),
        "startDate": timestamp(_time(evaluation.evaluated[0])) if evaluation.evaluated else None,
        **settings,
        "period": period,
        "recentDatapoints": values[-MAX_DATAPOINTS:],
        "threshold": rule.threshold,
        "evaluatedDatapoints": [_entry(point) for point in evaluated[:MAX_DATAPOINTS]],
    }
    return json.dumps({name: value for name, value in members.items() if value is not None}, separators=(",", ":"))


def timestamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}+0000"


def java_double(number: float) -> str:
    """As Java, and so AWS, writes a double: 5.0, 1.5E10."""
    plain = repr(float(number))
    if number == 0 or 1e-3 <= abs(number) < 1e7:
        return plain
    shortest = next(text for places in range(17) if float(text := f"{number:.{places}e}") == number)
    digits, _, exponent = shortest.partition("e")
    return f"{digits if '.' in digits else digits + '.0'}E{int(exponent)}"


def _filled(points: Sequence[Datapoint], evaluation: Evaluation) -> list[Datapoint]:
    missing = [point for point in points if point.value is None]
    return missing[-evaluation.filled :] if evaluation.filled else []


def _entry(point: Datapoint) -> dict[str, Any]:
    entry = {"timestamp": timestamp(_time(point)), "sampleCount": point.samples, "value": point.value}
    return {name: value for name, value in entry.items() if value is not None}


def _time(point: Datapoint) -> datetime:
    return datetime.fromtimestamp(point.time, UTC)


def _render(point: Datapoint) -> str:
    return f"{java_double(point.value or 0)} ({_time(point).strftime('%d/%m/%y %H:%M:%S')})"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _were(number: int) -> str:
    return "was" if number == 1 else "were"


def _treated(rule: Rule, evaluation: Evaluation) -> str:
    if not evaluation.filled or rule.missing not in ("breaching", "notBreaching"):
        return ""
    as_what = "Breaching" if rule.missing == BREACHING else "NonBreaching"
    missing = _count(evaluation.filled, "missing datapoint")
    return f" and {missing} {_were(evaluation.filled)} treated as [{as_what}]"


def _minimum(rule: Rule, evaluation: Evaluation) -> str:
    if evaluation.state == ALARM:
        return f" (minimum {_count(rule.to_alarm, 'datapoint')} for OK -> ALARM transition)"
    least = rule.periods - rule.to_alarm + 1
    return f" (minimum {_count(least, 'datapoint')} for ALARM -> OK transition)"
