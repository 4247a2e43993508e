"""Operations on alarms.

Not reproduced: composite alarms, anomaly detection, PromQL and log alarms, wall-clock windows, mute rules.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from localcloud.core.paging import paged
from localcloud.core.refusal import Refusal
from localcloud.core.service import operation
from localcloud.services.cloudwatch import alarm_messages, alarm_rules
from localcloud.services.cloudwatch.alarm import ACTIONS, Alarm, State, born
from localcloud.services.cloudwatch.alarm_messages import small
from localcloud.services.cloudwatch.alarm_timer import Watch
from localcloud.services.cloudwatch.history import CONFIGURATION
from localcloud.services.cloudwatch.metric_store import Metric
from localcloud.services.cloudwatch.metrics import BAD_TOKEN, Metrics
from localcloud.services.cloudwatch.tags import checked_tags

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

MOST_ALARMS = 5000
NOT_SETTINGS = ("Tags",)


class Alarms(Metrics):
    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self.alarms: dict[str, Alarm] = {}
        self.watch = Watch(cloud, self.store, self.alarms)

    def reset(self) -> None:
        super().reset()
        self.watch.stop()
        self.watch.actions.clear()
        self.watch.history.clear()
        self.alarms.clear()

    def close(self) -> None:
        with self.cloud.lock:
            self.watch.stop()
        super().close()

    def settle(self, timeout: float = 60) -> None:
        """Until the actions of all changes so far are done. For tests."""
        self.watch.actions.settle(timeout)

    @operation("PutMetricAlarm")
    def put_metric_alarm(self, request: dict[str, Any]) -> None:
        """A change keeps the state, the history and the tags."""
        name, now = request["AlarmName"], self.cloud.clock.now()
        if not request.get("Metrics"):
            request.pop("Metrics", None)
        queries = alarm_rules.checked(request, self.cloud.account, self.cloud.region)
        tags = checked_tags(request.get("Tags", []))
        old = self.alarms.get(name)
        if not old and len(self.alarms) >= MOST_ALARMS:
            raise Refusal("LimitExceeded", f"The limit of {MOST_ALARMS} alarms has been reached.")
        arn, settings = self.cloud.arn("cloudwatch", f"alarm:{name}"), _settings(request)
        if old:
            before = alarm_messages.event_configuration(old)
            old.settings, old.queries, old.updated = settings, queries, now
            self._configured(old, "Update", before)
            self.watch.begin(old)
            return
        self.alarms[name] = Alarm(arn, settings, queries, now, born(now), now, tags)
        self._configured(self.alarms[name], "Create")
        self.watch.begin(self.alarms[name])

    @operation("DeleteAlarms")
    def delete_alarms(self, request: dict[str, Any]) -> None:
        """Those that are there go, also when another name is unknown and refused."""
        names = dict.fromkeys(request["AlarmNames"])
        unknown = [name for name in names if name not in self.alarms]
        for name in [name for name in names if name in self.alarms]:
            self._configured(self.alarms.pop(name), "Delete")
        self.watch.plan()
        if unknown:
            raise Refusal("ResourceNotFound", f"Unknown alarms: {', '.join(unknown)}.", 404)

    @operation("DescribeAlarms")
    def describe_alarms(self, request: dict[str, Any]) -> dict[str, Any]:
        if "AlarmNames" in request and "AlarmNamePrefix" in request:
            raise Refusal("ValidationError", "AlarmNamePrefix and AlarmNames are mutually exclusive.")
        found = [alarm.described() for _, alarm in sorted(self.alarms.items()) if _wanted(alarm, request)]
        limit = 100 if "AlarmNames" in request else 50
        page = paged(found, request, "MetricAlarms", limit=limit, size_key="MaxRecords", code=BAD_TOKEN)
        return {"CompositeAlarms": [], **page}

    @operation("DescribeAlarmsForMetric")
    def describe_alarms_for_metric(self, request: dict[str, Any]) -> dict[str, Any]:
        """Alarms on this metric alone, as AWS has it: not those that have it in an expression."""
        metric = Metric.of(request["Namespace"], request["MetricName"], request.get("Dimensions", ()))
        same = ("Statistic", "ExtendedStatistic", "Period", "Unit")
        found = [
            alarm.described()
            for _, alarm in sorted(self.alarms.items())
            if "Metrics" not in alarm.settings
            and alarm.queries[0].metric == metric
            and all(alarm.settings.get(name) == request[name] for name in same if name in request)
        ]
        return {"MetricAlarms": found}

    @operation("DescribeAlarmHistory")
    def describe_alarm_history(self, request: dict[str, Any]) -> dict[str, Any]:
        found = self.watch.history.find(self.cloud.clock.now(), request)
        page = paged(list(found), request, "AlarmHistoryItems", limit=100, size_key="MaxRecords", code=BAD_TOKEN)
        return {**page, "AlarmHistoryItems": [found[number] for number in page["AlarmHistoryItems"]]}

    @operation("SetAlarmState")
    def set_alarm_state(self, request: dict[str, Any]) -> None:
        """Until the next judgement says otherwise. The same state again changes its reason and does nothing."""
        alarm, data = self.alarms.get(request["AlarmName"]), request.get("StateReasonData", "")
        if not alarm:
            raise Refusal("ResourceNotFound", f"Unknown alarm: {request['AlarmName']}.", 404)
        if data and not _is_json(data):
            raise Refusal("InvalidFormat", "StateReasonData is no valid JSON.")
        state = State(request["StateValue"], request["StateReason"], data, self.cloud.clock.now())
        if state.value == alarm.state.value:
            alarm.state = state
        else:
            self.watch.change(alarm, state)

    @operation("EnableAlarmActions")
    def enable_alarm_actions(self, request: dict[str, Any]) -> None:
        self._switch(request, on=True)

    @operation("DisableAlarmActions")
    def disable_alarm_actions(self, request: dict[str, Any]) -> None:
        self._switch(request, on=False)

    def _switch(self, request: Mapping[str, Any], *, on: bool) -> None:
        for alarm in (self.alarms[name] for name in request["AlarmNames"] if name in self.alarms):
            if alarm.settings["ActionsEnabled"] is not on:
                before = alarm_messages.event_configuration(alarm)
                alarm.settings = {**alarm.settings, "ActionsEnabled": on}
                alarm.updated = self.cloud.clock.now()
                self._configured(alarm, "Update", before)

    @operation("PutCompositeAlarm")
    def put_composite_alarm(self, _: dict[str, Any]) -> None:
        sentence = (
            "Composite alarms are not implemented by localcloud: use a metric alarm with an expression in Metrics."
        )
        raise Refusal("NotImplementedByLocalcloud", sentence)

    def _configured(self, alarm: Alarm, what: str, before: dict[str, Any] | None = None) -> None:
        done = f"{what.lower()}d"
        data = {"type": what, f"{done}Alarm": small(alarm.described())}
        now = self.cloud.clock.now()
        self.watch.history.add(alarm.name, now, CONFIGURATION, f'Alarm "{alarm.name}" {done}', data)
        alarm_messages.configuration_changed(self.cloud, alarm, what.lower(), before)


def _settings(request: Mapping[str, Any]) -> dict[str, Any]:
    defaults: dict[str, Any] = {"ActionsEnabled": True, **{name: [] for name in ACTIONS.values()}}
    if "Metrics" not in request:
        defaults["Dimensions"] = []
    else:
        queries = [{"ReturnData": True, **each} for each in request["Metrics"]]
        request = {**request, "Metrics": queries}
    return {**defaults, **{name: value for name, value in request.items() if name not in NOT_SETTINGS}}


def _wanted(alarm: Alarm, request: Mapping[str, Any]) -> bool:
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
