"""One MetricDatum of PutMetricData: read and checked as AWS checks it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from localcloud.core.refusal import Refusal
from localcloud.services.cloudwatch.statistics import Bucket

INVALID = "InvalidParameterValue"
LARGEST = 2.0**360
MOST_VALUES = 150
OLDEST, FUTURE = timedelta(days=14), timedelta(hours=2)


@dataclass(frozen=True)
class Told:
    name: str
    dimensions: Sequence[Mapping[str, str]]
    unit: str
    time: float
    values: Bucket
    resolution: int


def read(told: Mapping[str, Any], where: str, now: datetime) -> Told:
    time, resolution = told.get("Timestamp", now), told.get("StorageResolution", 60)
    if time < now - OLDEST:
        raise Refusal(
            INVALID, f"The parameter {where}.Timestamp must specify a time no more than two weeks in the past."
        )
    if time > now + FUTURE:
        raise Refusal(INVALID, f"The parameter {where}.Timestamp must specify a time within two hours of the present.")
    if resolution not in (1, 60):
        raise _invalid(resolution, f"{where}.StorageResolution")
    dimensions = told.get("Dimensions", ())
    if len({each["Name"] for each in dimensions}) < len(dimensions):
        raise Refusal(INVALID, f"The parameter {where}.Dimensions names a dimension twice.")
    unit = told.get("Unit", "None")
    return Told(told["MetricName"], dimensions, unit, time.timestamp(), _values(told, where), resolution)


def _values(told: Mapping[str, Any], where: str) -> Bucket:
    given = [name for name in ("Value", "Values", "StatisticValues") if name in told]
    if not given:
        sentence = f"At least one of the parameters {where}.Value, {where}.Values, {where}.StatisticValues is required."
        raise Refusal("MissingParameter", sentence)
    if len(given) > 1:
        sentence = f"The parameters {where}.{given[0]} and {where}.{given[1]} are mutually exclusive"
        raise Refusal("InvalidParameterCombination", f"{sentence} and you have specified both.")
    bucket = Bucket()
    if given == ["StatisticValues"]:
        bucket.add_set(*_set(told["StatisticValues"], f"{where}.StatisticValues"))
        return bucket
    values = told.get("Values", [told.get("Value")])
    counts = told.get("Counts", [1.0] * len(values))
    _check(values, counts, where, given[0])
    for value, count in zip(values, counts, strict=True):
        bucket.add(value, count)
    return bucket


def _check(values: Sequence[float], counts: Sequence[float], where: str, name: str) -> None:
    if not values or len(values) > MOST_VALUES:
        raise Refusal(INVALID, f"The collection {where}.{name} must have a size from 1 to {MOST_VALUES}.")
    if len(values) != len(counts):
        raise Refusal(INVALID, f"The parameters {where}.Values and {where}.Counts must be of the same size.")
    for value in values:
        _number(value, f"{where}.{name}")
    for count in counts:
        if _number(count, f"{where}.Counts") <= 0:
            raise _invalid(count, f"{where}.Counts")


def _set(told: Mapping[str, float], where: str) -> tuple[float, float, float, float]:
    count, total, low, high = (
        _number(told[name], f"{where}.{name}") for name in ("SampleCount", "Sum", "Minimum", "Maximum")
    )
    if count <= 0:
        raise _invalid(count, f"{where}.SampleCount")
    if low > high:
        raise Refusal(INVALID, f"The parameter {where}.Minimum must not be greater than {where}.Maximum.")
    return count, total, low, high


def _number(value: float, where: str) -> float:
    if not math.isfinite(value) or abs(value) > LARGEST:
        raise _invalid(value, where)
    return float(value)


def _invalid(value: object, where: str) -> Refusal:
    spelled = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}.get(str(value), value)
    return Refusal(INVALID, f"The value {spelled} for parameter {where} is invalid.")
