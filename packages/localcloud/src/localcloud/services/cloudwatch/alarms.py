"""Operations on alarms.

Not reproduced: composite alarms, anomaly detection, PromQL and log alarms, wall-clock windows, mute rules.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from localcloud.core import tags
from localcloud.core.cloud import Cloud
from localcloud.core.paging import paged
from localcloud.core.refusal import NOT_IMPLEMENTED, Refusal
from localcloud.core.service import Part, operation
from localcloud.services.cloudwatch import alarm_messages, alarm_rules
from localcloud.services.cloudwatch.alarm import ACTIONS, Alarm, State, initial_state
from localcloud.services.cloudwatch.alarm_timer import AlarmTimer
from localcloud.services.cloudwatch.history import CONFIGURATION, AlarmHistory
from localcloud.services.cloudwatch.metric_store import Metric
from localcloud.services.cloudwatch.metrics import BAD_TOKEN, INVALID
from localcloud.services.cloudwatch.state_changes import StateChanges

MAX_ALARMS = 5000
SINGLE_METRIC = ("Statistic", "ExtendedStatistic", "Period", "Unit")


class Alarms(Part):
    def __init__(
        self,
        cloud: Cloud,
        alarms: dict[str, Alarm],
        timer: AlarmTimer,
        history: AlarmHistory,
        state_changes: StateChanges,
    ) -> None:
        self._cloud, self._alarms, self._timer = cloud, alarms, timer
        self._history, self._state_changes = history, state_changes

    def reset(self) -> None:
        self._alarms.clear()

    @operation("PutMetricAlarm")
    def put_metric_alarm(self, request: dict[str, Any]) -> None:
        """A change keeps the state, the history and the tags."""
        name, now = request["AlarmName"], self._cloud.clock.now()
        if not request.get("Metrics"):
            request.pop("Metrics", None)
        queries = alarm_rules.checked(request, self._cloud.account, self._cloud.region)
        new_tags = tags.checked(tags.as_dict(request.get("Tags")), invalid=INVALID)
        existing = self._alarms.get(name)
        if not existing and len(self._alarms) >= MAX_ALARMS:
            raise Refusal("LimitExceeded", f"The limit of {MAX_ALARMS} alarms has been reached.")
        settings = _settings(request)
        if existing:
            previous = alarm_messages.event_configuration(existing)
            existing.settings, existing.queries, existing.updated = settings, queries, now
            self._report(existing, "Update", previous)
            self._timer.start(existing)
            return
        arn = self._cloud.arn("cloudwatch", f"alarm:{name}")
        alarm = self._alarms[name] = Alarm(arn, settings, queries, now, initial_state(now), now, new_tags)
        self._report(alarm, "Create")
        self._timer.start(alarm)

    @operation("DeleteAlarms")
    def delete_alarms(self, request: dict[str, Any]) -> None:
        """Existing ones are deleted, also when another name is unknown and refused."""
        names = dict.fromkeys(request["AlarmNames"])
        unknown = [name for name in names if name not in self._alarms]
        for name in [name for name in names if name in self._alarms]:
            self._report(self._alarms.pop(name), "Delete")
        self._timer.update()
        if unknown:
            raise Refusal("ResourceNotFound", f"Unknown alarms: {', '.join(unknown)}.", 404)

    @operation("DescribeAlarms")
    def describe_alarms(self, request: dict[str, Any]) -> dict[str, Any]:
        if "AlarmNames" in request and "AlarmNamePrefix" in request:
            raise Refusal("ValidationError", "AlarmNamePrefix and AlarmNames are mutually exclusive.")
        matching = [alarm.describe() for _, alarm in sorted(self._alarms.items()) if _matches(alarm, request)]
        limit = 100 if "AlarmNames" in request else 50
        page = paged(matching, request, "MetricAlarms", limit=limit, size_key="MaxRecords", code=BAD_TOKEN)
        return {"CompositeAlarms": [], **page}

    @operation("DescribeAlarmsForMetric")
    def describe_alarms_for_metric(self, request: dict[str, Any]) -> dict[str, Any]:
        """Alarms on this metric alone, as on AWS: not those that have it in an expression."""
        metric = Metric.of(request["Namespace"], request["MetricName"], request.get("Dimensions", ()))
        matching = [
            alarm.describe()
            for _, alarm in sorted(self._alarms.items())
            if "Metrics" not in alarm.settings
            and alarm.queries[0].metric == metric
            and all(alarm.settings.get(name) == request[name] for name in SINGLE_METRIC if name in request)
        ]
        return {"MetricAlarms": matching}

    @operation("SetAlarmState")
    def set_alarm_state(self, request: dict[str, Any]) -> None:
        """Until the next evaluation. The same state again changes its reason and does nothing else."""
        alarm, data = self._alarms.get(request["AlarmName"]), request.get("StateReasonData", "")
        if not alarm:
            raise Refusal("ResourceNotFound", f"Unknown alarm: {request['AlarmName']}.", 404)
        if data and not _is_json(data):
            raise Refusal("InvalidFormat", "StateReasonData is not valid JSON.")
        state = State(request["StateValue"], request["StateReason"], data, self._cloud.clock.now())
        if state.value == alarm.state.value:
            alarm.state = state
        else:
            self._state_changes.apply(alarm, state)

    @operation("EnableAlarmActions")
    def enable_alarm_actions(self, request: dict[str, Any]) -> None:
        self._enable_actions(request, enabled=True)

    @operation("DisableAlarmActions")
    def disable_alarm_actions(self, request: dict[str, Any]) -> None:
        self._enable_actions(request, enabled=False)

    def _enable_actions(self, request: Mapping[str, Any], *, enabled: bool) -> None:
        for alarm in (self._alarms[name] for name in request["AlarmNames"] if name in self._alarms):
            if alarm.settings["ActionsEnabled"] is not enabled:
                previous = alarm_messages.event_configuration(alarm)
                alarm.settings = {**alarm.settings, "ActionsEnabled": enabled}
                alarm.updated = self._cloud.clock.now()
                self._report(alarm, "Update", previous)

    @operation("PutCompositeAlarm")
    def put_composite_alarm(self, _: dict[str, Any]) -> None:
        sentence = (
            "Composite alarms are not implemented by localcloud: use a metric alarm with an expression in Metrics."
        )
        raise Refusal(NOT_IMPLEMENTED, sentence)

    def _report(self, alarm: Alarm, change: str, previous: dict[str, Any] | None = None) -> None:
        """In the history and as an event. ``change``: Create, Update or Delete."""
        past = f"{change.lower()}d"
        data = {"type": change, f"{past}Alarm": alarm_messages.with_small_names(alarm.describe())}
        now = self._cloud.clock.now()
        self._history.add(alarm.name, now, CONFIGURATION, f'Alarm "{alarm.name}" {past}', data)
        alarm_messages.emit_configuration_change(self._cloud.events, alarm, change.lower(), previous)


def _settings(request: Mapping[str, Any]) -> dict[str, Any]:
    defaults: dict[str, Any] = {"ActionsEnabled": True, **{name: [] for name in ACTIONS.values()}}
    if "Metrics" not in request:
        defaults["Dimensions"] = []
    else:
        queries = [{"ReturnData": True, **query} for query in request["Metrics"]]
        request = {**request, "Metrics": queries}
    return {**defaults, **{name: value for name, value in request.items() if name != "Tags"}}


def _matches(alarm: Alarm, request: Mapping[str, Any]) -> bool:
    actions = [arn for name in ACTIONS.values() for arn in alarm.settings[name]]
    return (
        "MetricAlarm" in request.get("AlarmTypes", ("MetricAlarm",))
        and "ParentsOfAlarmName" not in request  # only composite alarms have children
        and "ChildrenOfAlarmName" not in request
        and alarm.name in request.get("AlarmNames", (alarm.name,))
        and alarm.name.startswith(request.get("AlarmNamePrefix", ""))
        and alarm.state.value == request.get("StateValue", alarm.state.value)
        and ("ActionPrefix" not in request or any(arn.startswith(request["ActionPrefix"]) for arn in actions))
    )


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
