"""One MetricDatum of PutMetricData, checked as AWS checks it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from localcloud.core.refusal import Refusal
from localcloud.services.cloudwatch.statistics import Bucket

INVALID = "InvalidParameterValue"
MAX_VALUE = 2.0**360
MAX_VALUES = 150
MAX_AGE, MAX_AHEAD = timedelta(days=14), timedelta(hours=2)


@dataclass(frozen=True)
class MetricDatum:
    name: str
    dimensions: Sequence[Mapping[str, str]]
    unit: str
    time: float
    values: Bucket
    resolution: int


def parse(members: Mapping[str, Any], where: str, now: datetime) -> MetricDatum:
    time, resolution = members.get("Timestamp", now), members.get("StorageResolution", 60)
    if time < now - MAX_AGE:
        raise Refusal(
            INVALID, f"The parameter {where}.Timestamp must specify a time no more than two weeks in the past."
        )
    if time > now + MAX_AHEAD:
        raise Refusal(INVALID, f"The parameter {where}.Timestamp must specify a time within two hours of the present.")
    if resolution not in (1, 60):
        raise _invalid(resolution, f"{where}.StorageResolution")
    dimensions = members.get("Dimensions", ())
    if len({each["Name"] for each in dimensions}) < len(dimensions):
        raise Refusal(INVALID, f"The parameter {where}.Dimensions names a dimension twice.")
    unit = members.get("Unit", "None")
    return MetricDatum(members["MetricName"], dimensions, unit, time.timestamp(), _values(members, where), resolution)


def _values(members: Mapping[str, Any], where: str) -> Bucket:
    given = [name for name in ("Value", "Values", "StatisticValues") if name in members]
    if not given:
        sentence = f"At least one of the parameters {where}.Value, {where}.Values, {where}.StatisticValues is required."
        raise Refusal("MissingParameter", sentence)
    if len(given) > 1:
        sentence = f"The parameters {where}.{given[0]} and {where}.{given[1]} are mutually exclusive"
        raise Refusal("InvalidParameterCombination", f"{sentence} and you have specified both.")
    bucket = Bucket()
    if given == ["StatisticValues"]:
        bucket.add_set(*_statistic_set(members["StatisticValues"], f"{where}.StatisticValues"))
        return bucket
    values = members.get("Values", [members.get("Value")])
    counts = members.get("Counts", [1.0] * len(values))
    _check(values, counts, where, given[0])
    for value, count in zip(values, counts, strict=True):
        bucket.add(value, count)
    return bucket


def _check(values: Sequence[float], counts: Sequence[float], where: str, name: str) -> None:
    if not values or len(values) > MAX_VALUES:
        raise Refusal(INVALID, f"The collection {where}.{name} must have a size from 1 to {MAX_VALUES}.")
    if len(values) != len(counts):
        raise Refusal(INVALID, f"The parameters {where}.Values and {where}.Counts must be of the same size.")
    for value in values:
        _number(value, f"{where}.{name}")
    for count in counts:
        if _number(count, f"{where}.Counts") <= 0:
            raise _invalid(count, f"{where}.Counts")


def _statistic_set(members: Mapping[str, float], where: str) -> tuple[float, float, float, float]:
    count, total, low, high = (
        _number(members[name], f"{where}.{name}") for name in ("SampleCount", "Sum", "Minimum", "Maximum")
    )
    if count <= 0:
        raise _invalid(count, f"{where}.SampleCount")
    if low > high:
        raise Refusal(INVALID, f"The parameter {where}.Minimum must not be greater than {where}.Maximum.")
    return count, total, low, high


def _number(value: float, where: str) -> float:
    if not math.isfinite(value) or abs(value) > MAX_VALUE:
        raise _invalid(value, where)
    return float(value)


def _invalid(value: object, where: str) -> Refusal:
    text = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}.get(str(value), value)
    return Refusal(INVALID, f"The value {text} for parameter {where} is invalid.")
