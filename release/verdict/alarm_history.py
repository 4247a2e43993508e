"""Which alarms rang since a moment, and with which values: from their history, and from their state of now."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

ALARM = "ALARM"


@dataclass(frozen=True)
class Ring:
    alarm: str
    at: str
    reason: str  # in CloudWatch's words, with the values
    values: tuple[float, ...] = ()
    threshold: float | None = None


def states(cloudwatch: Any, names: Sequence[str]) -> dict[str, str]:
    """Of those that are there; composite ones as well, which somebody may have named as his own."""
    return {name: told["StateValue"] for name, told in _described(cloudwatch, names).items()}


def rings(cloudwatch: Any, names: Sequence[str], since: datetime) -> tuple[Ring, ...]:
    """In the order of their time."""
    found = [ring for name in names for ring in _history(cloudwatch, name, since)]
    silent = set(names) - {ring.alarm for ring in found}
    for name, told in _described(cloudwatch, sorted(silent)).items():
        if told["StateValue"] == ALARM and told["StateUpdatedTimestamp"] >= since:  # the history comes a little later
            found.append(_ring(name, told["StateUpdatedTimestamp"], told["StateReason"], told.get("StateReasonData")))
    return tuple(sorted(found, key=lambda ring: ring.at))


def _described(cloudwatch: Any, names: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    if not names:
        return {}
    kinds = ["MetricAlarm", "CompositeAlarm"]
    answer = cloudwatch.describe_alarms(AlarmNames=list(names), AlarmTypes=kinds, MaxRecords=100)
    return {told["AlarmName"]: told for told in [*answer.get("MetricAlarms", []), *answer.get("CompositeAlarms", [])]}


def _history(cloudwatch: Any, name: str, since: datetime) -> list[Ring]:
    pages = cloudwatch.get_paginator("describe_alarm_history").paginate(
        AlarmName=name,
        AlarmTypes=["MetricAlarm", "CompositeAlarm"],
        HistoryItemType="StateUpdate",
        StartDate=since,
        ScanBy="TimestampAscending",
    )
    found = []
    for entry in (entry for page in pages for entry in page["AlarmHistoryItems"]):
        told = json.loads(entry["HistoryData"]).get("newState", {})
        if told.get("stateValue") == ALARM:
            found.append(_ring(name, entry["Timestamp"], told.get("stateReason", ""), told.get("stateReasonData")))
    return found


def _ring(alarm: str, at: datetime, reason: str, data: Any) -> Ring:
    told = json.loads(data) if isinstance(data, str) and data else data or {}
    values = tuple(value for value in told.get("recentDatapoints", ()) if isinstance(value, int | float))
    return Ring(alarm, at.isoformat(), reason, values, told.get("threshold"))
