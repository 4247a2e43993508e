"""What happened to alarms: AWS keeps it 30 days, also of alarms that are gone; here the last 10,000 entries at most."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import count
from typing import Any

KEPT, MOST = timedelta(days=30), 10_000
LONGEST_SUMMARY = 255
CONFIGURATION, STATE, ACTION = "ConfigurationUpdate", "StateUpdate", "Action"


class History:
    """Used under ``cloud.lock``."""

    def __init__(self) -> None:
        self._entries: deque[tuple[str, dict[str, Any]]] = deque(maxlen=MOST)  # with a number, oldest first
        self._numbers = count()

    def add(self, alarm: str, at: datetime, kind: str, summary: str, data: Mapping[str, Any]) -> None:
        while self._entries and self._entries[0][1]["Timestamp"] < at - KEPT:
            self._entries.popleft()
        entry = {
            "AlarmName": alarm,
            "AlarmType": "MetricAlarm",
            "Timestamp": at,
            "HistoryItemType": kind,
            "HistorySummary": summary[:LONGEST_SUMMARY],
            "HistoryData": json.dumps(data if kind == ACTION else {"version": "1.0", **data}),
        }
        self._entries.append((str(next(self._numbers)), entry))

    def find(self, now: datetime, asked: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        """What DescribeAlarmHistory asks for, by its number, the newest first unless it says otherwise."""
        since = max(now - KEPT, asked.get("StartDate", now - KEPT))
        found = [
            (number, entry)
            for number, entry in self._entries
            if entry["AlarmName"] == asked.get("AlarmName", entry["AlarmName"])
            and entry["HistoryItemType"] == asked.get("HistoryItemType", entry["HistoryItemType"])
            and since <= entry["Timestamp"] <= asked.get("EndDate", now)
            and entry["AlarmType"] in asked.get("AlarmTypes", ("MetricAlarm",))
        ]
        return dict(found if asked.get("ScanBy") == "TimestampAscending" else found[::-1])

    def clear(self) -> None:
        self._entries.clear()
