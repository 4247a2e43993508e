"""The history of alarms: AWS keeps it 30 days, also of deleted alarms; here at most the last 10,000 entries."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from localcloud.core.clock import Clock
from localcloud.core.paging import paged
from localcloud.core.service import Part, operation
from localcloud.services.cloudwatch.metrics import BAD_TOKEN

RETENTION, MAX_ENTRIES = timedelta(days=30), 10_000
MAX_SUMMARY_LENGTH = 255
CONFIGURATION, STATE, ACTION = "ConfigurationUpdate", "StateUpdate", "Action"


class AlarmHistory(Part):
    """Used under ``cloud.lock``."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._entries: deque[tuple[str, dict[str, Any]]] = deque(maxlen=MAX_ENTRIES)  # with a number, oldest first
        self._numbers = count()

    def reset(self) -> None:
        self._entries.clear()

    def add(self, alarm: str, at: datetime, kind: str, summary: str, data: Mapping[str, Any]) -> None:
        while self._entries and self._entries[0][1]["Timestamp"] < at - RETENTION:
            self._entries.popleft()
        entry = {
            "AlarmName": alarm,
            "AlarmType": "MetricAlarm",
            "Timestamp": at,
            "HistoryItemType": kind,
            "HistorySummary": summary[:MAX_SUMMARY_LENGTH],
            "HistoryData": json.dumps(data if kind == ACTION else {"version": "1.0", **data}),
        }
        self._entries.append((str(next(self._numbers)), entry))

    @operation("DescribeAlarmHistory")
    def describe_alarm_history(self, request: dict[str, Any]) -> dict[str, Any]:
        entries = self._matching(request)
        page = paged(list(entries), request, "AlarmHistoryItems", limit=100, size_key="MaxRecords", code=BAD_TOKEN)
        return {**page, "AlarmHistoryItems": [entries[number] for number in page["AlarmHistoryItems"]]}

    def _matching(self, request: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        """The entries that a request asks for, by their number, the newest first unless it says otherwise."""
        now = self._clock.now()
        since = max(now - RETENTION, request.get("StartDate", now - RETENTION))
        entries = [
            (number, entry)
            for number, entry in self._entries
            if entry["AlarmName"] == request.get("AlarmName", entry["AlarmName"])
            and entry["HistoryItemType"] == request.get("HistoryItemType", entry["HistoryItemType"])
            and since <= entry["Timestamp"] <= request.get("EndDate", now)
            and entry["AlarmType"] in request.get("AlarmTypes", ("MetricAlarm",))
        ]
        return dict(entries if request.get("ScanBy") == "TimestampAscending" else entries[::-1])
