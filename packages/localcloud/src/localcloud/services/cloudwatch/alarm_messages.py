"""An alarm in events, in messages to SNS, and in history entries."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

from localcloud.core.events import EventEmitter
from localcloud.services.cloudwatch.alarm import ACTIONS, Alarm, State
from localcloud.services.cloudwatch.alarm_evaluation import MISSING
from localcloud.services.cloudwatch.state_reasons import timestamp

STATE_CHANGE = "CloudWatch Alarm State Change"
CONFIGURATION_CHANGE = "CloudWatch Alarm Configuration Change"
STATISTICS = {"SampleCount": "SAMPLE_COUNT"}
MAX_SUBJECT_LENGTH = 100


def emit_state_change(events: EventEmitter, alarm: Alarm, previous: State) -> None:
    configuration = {"description": alarm.settings.get("AlarmDescription"), "metrics": _event_metrics(alarm)}
    detail = {
        "alarmName": alarm.name,
        "state": _event_state(alarm.state),
        "previousState": _event_state(previous),
        "configuration": _without_none(configuration),
    }
    events.emit("aws.cloudwatch", STATE_CHANGE, detail, [alarm.arn])


def emit_configuration_change(
    events: EventEmitter, alarm: Alarm, change: str, previous: dict[str, Any] | None = None
) -> None:
    """``change``: create, update, delete; ``previous``: the configuration that an update replaced."""
    detail = {
        "alarmName": alarm.name,
        "operation": change,
        "state": _event_state(alarm.state),
        "configuration": event_configuration(alarm),
        "previousConfiguration": previous,
    }
    events.emit("aws.cloudwatch", CONFIGURATION_CHANGE, _without_none(detail), [alarm.arn])


def event_configuration(alarm: Alarm) -> dict[str, Any]:
    settings = alarm.settings
    names = ("EvaluationPeriods", "DatapointsToAlarm", "Threshold", "ComparisonOperator", "TreatMissingData")
    configuration = {
        **{_small_name(name): settings.get(name) for name in names},
        "metrics": _event_metrics(alarm),
        "alarmName": alarm.name,
        "description": settings.get("AlarmDescription"),
        "actionsEnabled": settings["ActionsEnabled"],
        "timestamp": timestamp(alarm.updated),
        "okActions": settings["OKActions"],
        "alarmActions": settings["AlarmActions"],
        "insufficientDataActions": settings["InsufficientDataActions"],
    }
    return _without_none(configuration)


def _event_state(state: State) -> dict[str, Any]:
    members = {"value": state.value, "reason": state.reason, "timestamp": timestamp(state.at)}
    return members | ({"reasonData": state.data} if state.data else {})


def _event_metrics(alarm: Alarm) -> list[dict[str, Any]]:
    """A single metric, which has no id in the API, gets one made of the alarm's ARN."""
    entries = []
    for query, settings in zip(alarm.queries, alarm.settings.get("Metrics", [{}]), strict=True):
        id = query.id if settings else str(uuid.uuid5(uuid.NAMESPACE_URL, alarm.arn))
        entry = {"id": id, "expression": settings.get("Expression"), "label": settings.get("Label")}
        if query.metric:
            name = {"namespace": query.metric.namespace, "name": query.metric.name}
            metric = {**name, "dimensions": dict(query.metric.dimensions)}
            entry["metricStat"] = _without_none(
                {"metric": metric, "period": query.period, "stat": query.stat, "unit": query.unit}
            )
        entries.append(_without_none(entry) | {"returnData": query.returns_data})
    return entries


def message(alarm: Alarm, previous: str, account: str, region: str) -> str:
    """The JSON that a topic's subscribers get."""
    settings, state = alarm.settings, alarm.state
    return json.dumps(
        {
            "AlarmName": alarm.name,
            "AlarmDescription": settings.get("AlarmDescription"),
            "AWSAccountId": account,
            "AlarmConfigurationUpdatedTimestamp": timestamp(alarm.updated),
            "NewStateValue": state.value,
            "NewStateReason": state.reason,
            "StateChangeTime": timestamp(state.at),
            "Region": region_name(region),
            "AlarmArn": alarm.arn,
            "OldStateValue": previous,
            **{name: settings[name] for name in ACTIONS.values()},
            "Trigger": _trigger(settings),
        },
        separators=(",", ":"),
        ensure_ascii=False,
    )


def subject(alarm: Alarm, region: str) -> str:
    """SNS takes 100 ASCII characters: a long name is cut."""
    prefix, suffix = f'{alarm.state.value}: "', f'" in {region_name(region)}'
    name = alarm.name.encode("ascii", "replace").decode()
    room = MAX_SUBJECT_LENGTH - len(prefix) - len(suffix)
    return prefix + (name if len(name) <= room else name[: room - 3] + "...") + suffix


def _trigger(settings: Mapping[str, Any]) -> dict[str, Any]:
    if "Metrics" in settings:
        period = next(query["MetricStat"]["Period"] for query in settings["Metrics"] if "MetricStat" in query)
        metrics = [_trigger_query(query) for query in settings["Metrics"]]
        return {"Period": period, **_threshold(settings), "Metrics": metrics}
    kind = "Statistic" if "Statistic" in settings else "ExtendedStatistic"
    stat = settings[kind]
    return {
        "MetricName": settings["MetricName"],
        "Namespace": settings["Namespace"],
        "StatisticType": kind,
        kind: STATISTICS.get(stat, stat.upper()) if kind == "Statistic" else stat,
        "Unit": settings.get("Unit"),
        "Dimensions": _dimensions(settings.get("Dimensions", ())),
        "Period": settings["Period"],
        **_threshold(settings),
    }


def _threshold(settings: Mapping[str, Any]) -> dict[str, Any]:
    to_alarm = {"DatapointsToAlarm": settings["DatapointsToAlarm"]} if "DatapointsToAlarm" in settings else {}
    return {
        "EvaluationPeriods": settings["EvaluationPeriods"],
        **to_alarm,
        "ComparisonOperator": settings["ComparisonOperator"],
        "Threshold": settings["Threshold"],
        "TreatMissingData": settings.get("TreatMissingData", MISSING),
        "EvaluateLowSampleCountPercentile": settings.get("EvaluateLowSampleCountPercentile", ""),
    }


def _trigger_query(query: Mapping[str, Any]) -> dict[str, Any]:
    members = {**query, "ReturnData": query.get("ReturnData", True)}
    if "MetricStat" in query:
        metric = query["MetricStat"]["Metric"]
        metric = {**metric, "Dimensions": _dimensions(metric.get("Dimensions", ()))}
        members["MetricStat"] = {**query["MetricStat"], "Metric": metric}
    return members


def _dimensions(dimensions: Any) -> list[dict[str, str]]:
    return [{"value": each["Value"], "name": each["Name"]} for each in dimensions]


@cache
def region_name(region: str) -> str:
    """EU (Ireland), as alarms still call it; AWS's list of regions calls it Europe."""
    import botocore.session

    partitions = botocore.session.get_session().get_component("data_loader").load_data("endpoints")["partitions"]
    regions = (partition["regions"] for partition in partitions)
    names = {name: region["description"] for each in regions for name, region in each.items()}
    return str(names.get(region, region)).replace("Europe (", "EU (")


def with_small_names(value: Any) -> Any:
    """Names in the API begin with a capital, those in events and in the history do not."""
    if isinstance(value, Mapping):
        return {_small_name(name): with_small_names(member) for name, member in value.items()}
    if isinstance(value, list):
        return [with_small_names(each) for each in value]
    return timestamp(value) if isinstance(value, datetime) else value


def _small_name(name: str) -> str:
    return "okactions" if name == "OKActions" else name[:1].lower() + name[1:]


def _without_none(members: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}
