"""What AWS tells of an alarm elsewhere: its events, the message to SNS, the entries in its history."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from localcloud.services.cloudwatch.alarm import ACTIONS, Alarm, State
from localcloud.services.cloudwatch.alarm_evaluation import MISSING
from localcloud.services.cloudwatch.state_reasons import stamp

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

STATE_CHANGE = "CloudWatch Alarm State Change"
CONFIGURATION_CHANGE = "CloudWatch Alarm Configuration Change"
STATISTICS = {"SampleCount": "SAMPLE_COUNT"}
LONGEST_SUBJECT = 100


def state_changed(cloud: Cloud, alarm: Alarm, before: State) -> None:
    described = {"description": alarm.settings.get("AlarmDescription"), "metrics": _event_metrics(alarm)}
    detail = {
        "alarmName": alarm.name,
        "state": _event_state(alarm.state),
        "previousState": _event_state(before),
        "configuration": _known(described),
    }
    cloud.emit("aws.cloudwatch", STATE_CHANGE, detail, [alarm.arn])


def configuration_changed(cloud: Cloud, alarm: Alarm, what: str, before: dict[str, Any] | None = None) -> None:
    """``what``: create, update, delete; ``before``: the configuration that an update replaced."""
    detail = {
        "alarmName": alarm.name,
        "operation": what,
        "state": _event_state(alarm.state),
        "configuration": event_configuration(alarm),
        "previousConfiguration": before,
    }
    cloud.emit("aws.cloudwatch", CONFIGURATION_CHANGE, _known(detail), [alarm.arn])


def event_configuration(alarm: Alarm) -> dict[str, Any]:
    told = alarm.settings
    names = ("EvaluationPeriods", "DatapointsToAlarm", "Threshold", "ComparisonOperator", "TreatMissingData")
    configuration = {
        **{_small_name(name): told.get(name) for name in names},
        "metrics": _event_metrics(alarm),
        "alarmName": alarm.name,
        "description": told.get("AlarmDescription"),
        "actionsEnabled": told["ActionsEnabled"],
        "timestamp": stamp(alarm.updated),
        "okActions": told["OKActions"],
        "alarmActions": told["AlarmActions"],
        "insufficientDataActions": told["InsufficientDataActions"],
    }
    return _known(configuration)


def _event_state(state: State) -> dict[str, Any]:
    told = {"value": state.value, "reason": state.reason, "timestamp": stamp(state.at)}
    return told | ({"reasonData": state.data} if state.data else {})


def _event_metrics(alarm: Alarm) -> list[dict[str, Any]]:
    """A single metric, which has no id in the API, is told with one made of the alarm's ARN."""
    told = []
    for query, asked in zip(alarm.queries, alarm.settings.get("Metrics", [{}]), strict=True):
        id = query.id if asked else str(uuid.uuid5(uuid.NAMESPACE_URL, alarm.arn))
        entry = {"id": id, "expression": asked.get("Expression"), "label": asked.get("Label")}
        if query.metric:
            name = {"namespace": query.metric.namespace, "name": query.metric.name}
            metric = {**name, "dimensions": dict(query.metric.dimensions)}
            entry["metricStat"] = _known(
                {"metric": metric, "period": query.period, "stat": query.stat, "unit": query.unit}
            )
        told.append(_known(entry) | {"returnData": query.shown})
    return told


def message(cloud: Cloud, alarm: Alarm, before: str) -> str:
    """The JSON that a topic's subscribers get."""
    told, state = alarm.settings, alarm.state
    return json.dumps(
        {
            "AlarmName": alarm.name,
            "AlarmDescription": told.get("AlarmDescription"),
            "AWSAccountId": cloud.account,
            "AlarmConfigurationUpdatedTimestamp": stamp(alarm.updated),
            "NewStateValue": state.value,
            "NewStateReason": state.reason,
            "StateChangeTime": stamp(state.at),
            "Region": region_name(cloud.region),
            "AlarmArn": alarm.arn,
            "OldStateValue": before,
            **{name: told[name] for name in ACTIONS.values()},
            "Trigger": _trigger(told),
        },
        separators=(",", ":"),
        ensure_ascii=False,
    )


def subject(alarm: Alarm, region: str) -> str:
    """SNS takes 100 ASCII characters: a long name is cut."""
    before, after = f'{alarm.state.value}: "', f'" in {region_name(region)}'
    name = alarm.name.encode("ascii", "replace").decode()
    room = LONGEST_SUBJECT - len(before) - len(after)
    return before + (name if len(name) <= room else name[: room - 3] + "...") + after


def _trigger(told: Mapping[str, Any]) -> dict[str, Any]:
    if "Metrics" in told:
        period = next(each["MetricStat"]["Period"] for each in told["Metrics"] if "MetricStat" in each)
        metrics = [_told_query(each) for each in told["Metrics"]]
        return {"Period": period, **_threshold(told), "Metrics": metrics}
    kind = "Statistic" if "Statistic" in told else "ExtendedStatistic"
    stat = told[kind]
    return {
        "MetricName": told["MetricName"],
        "Namespace": told["Namespace"],
        "StatisticType": kind,
        kind: STATISTICS.get(stat, stat.upper()) if kind == "Statistic" else stat,
        "Unit": told.get("Unit"),
        "Dimensions": _dimensions(told.get("Dimensions", ())),
        "Period": told["Period"],
        **_threshold(told),
    }


def _threshold(told: Mapping[str, Any]) -> dict[str, Any]:
    to_alarm = {"DatapointsToAlarm": told["DatapointsToAlarm"]} if "DatapointsToAlarm" in told else {}
    return {
        "EvaluationPeriods": told["EvaluationPeriods"],
        **to_alarm,
        "ComparisonOperator": told["ComparisonOperator"],
        "Threshold": told["Threshold"],
        "TreatMissingData": told.get("TreatMissingData", MISSING),
        "EvaluateLowSampleCountPercentile": told.get("EvaluateLowSampleCountPercentile", ""),
    }


def _told_query(each: Mapping[str, Any]) -> dict[str, Any]:
    told = {**each, "ReturnData": each.get("ReturnData", True)}
    if "MetricStat" in each:
        metric = each["MetricStat"]["Metric"]
        spelled = {**metric, "Dimensions": _dimensions(metric.get("Dimensions", ()))}
        told["MetricStat"] = {**each["MetricStat"], "Metric": spelled}
    return told


def _dimensions(told: Any) -> list[dict[str, str]]:
    return [{"value": each["Value"], "name": each["Name"]} for each in told]


@cache
def region_name(region: str) -> str:
    """EU (Ireland), as the alarms still say; AWS's list of regions calls it Europe."""
    import botocore.session

    partitions = botocore.session.get_session().get_component("data_loader").load_data("endpoints")["partitions"]
    names = {name: told["description"] for each in partitions for name, told in each["regions"].items()}
    return str(names.get(region, region)).replace("Europe (", "EU (")


def small(told: Any) -> Any:
    """The API's names begin with a capital, those in events and in the history do not."""
    if isinstance(told, Mapping):
        return {_small_name(name): small(value) for name, value in told.items()}
    if isinstance(told, list):
        return [small(each) for each in told]
    return stamp(told) if isinstance(told, datetime) else told


def _small_name(name: str) -> str:
    return "okactions" if name == "OKActions" else name[:1].lower() + name[1:]


def _known(told: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in told.items() if value is not None}
