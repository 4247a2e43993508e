"""Which alarms went into ALARM since a deployment began, with their values: from their history and present state."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

ALARM, NEW = "ALARM", "INSUFFICIENT_DATA"


@dataclass(frozen=True)
class AlarmEvent:
    """A change of an alarm to the state ALARM."""

    alarm: str
    at: str
    reason: str  # CloudWatch's, with the values
    values: tuple[float, ...] = ()
    threshold: float | None = None


def active(name: str) -> str:
    return f"the alarm {name} is in ALARM"


def states(cloudwatch: Any, names: Sequence[str]) -> dict[str, str]:
    """Of those that exist, composite alarms included, which the settings may name."""
    return {name: alarm["StateValue"] for name, alarm in _describe(cloudwatch, names).items()}


def alarm_events(
    cloudwatch: Any, names: Sequence[str], since: datetime, on_missing_data: str = ""
) -> tuple[AlarmEvent, ...]:
    """By time. The alarm ``on_missing_data`` fires when it is created, before its data arrives: that is left out."""
    changes = [(event, previous) for name in names for event, previous in _history(cloudwatch, name, since)]
    events = [event for event, previous in changes if (event.alarm, previous) != (on_missing_data, NEW)]
    without_event = set(names) - {event.alarm for event, _ in changes}
    for name, alarm in _describe(cloudwatch, sorted(without_event)).items():
        if alarm["StateValue"] == ALARM and alarm["StateUpdatedTimestamp"] >= since:  # the history lags a little
            data = alarm.get("StateReasonData")
            events.append(_event(name, alarm["StateUpdatedTimestamp"], alarm["StateReason"], data))
    return tuple(sorted(events, key=lambda event: event.at))


def _describe(cloudwatch: Any, names: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    if not names:
        return {}
    types = ["MetricAlarm", "CompositeAlarm"]
    response = cloudwatch.describe_alarms(AlarmNames=list(names), AlarmTypes=types, MaxRecords=100)
    alarms = [*response.get("MetricAlarms", []), *response.get("CompositeAlarms", [])]
    return {alarm["AlarmName"]: alarm for alarm in alarms}


def _history(cloudwatch: Any, name: str, since: datetime) -> list[tuple[AlarmEvent, str]]:
    """With the state before."""
    pages = cloudwatch.get_paginator("describe_alarm_history").paginate(
        AlarmName=name,
        AlarmTypes=["MetricAlarm", "CompositeAlarm"],
        HistoryItemType="StateUpdate",
        StartDate=since,
        ScanBy="TimestampAscending",
    )
    events = []
    for entry in (entry for page in pages for entry in page["AlarmHistoryItems"]):
        change = json.loads(entry["HistoryData"])
        state = change.get("newState", {})
        if state.get("stateValue") == ALARM:
            event = _event(name, entry["Timestamp"], state.get("stateReason", ""), state.get("stateReasonData"))
            events.append((event, change.get("oldState", {}).get("stateValue", "")))
    return events


def _event(alarm: str, at: datetime, reason: str, data: Any) -> AlarmEvent:
    details = json.loads(data) if isinstance(data, str) and data else data or {}
    values = tuple(value for value in details.get("recentDatapoints", ()) if isinstance(value, int | float))
    return AlarmEvent(alarm, at.isoformat(), reason, values, details.get("threshold"))
