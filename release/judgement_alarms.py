"""The alarms by which the judgement of a release takes it back, and the metric that they watch.

The metric is 0 as long as the release is judged, and 1 once the judgement fails. Its namespace is one that no model and
no other stage may write: their code could otherwise roll it back, or keep it live.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from release.call import Call
from release.names import tag_list
from settings.model import Settings

METRIC = "Failed"
PERIOD = 10  # seconds, as often as the metric is published: both are the shortest that AWS evaluates
UNJUDGED_PERIOD = 30


def namespace(settings: Settings) -> str:
    return f"Releases/{settings.endpoint_name}"


def failure_alarm(config_name: str) -> str:
    return f"{config_name}-judgement"


def unjudged_alarm(config_name: str) -> str:
    return f"{config_name}-unjudged"


def names(config_name: str) -> tuple[str, str]:
    return failure_alarm(config_name), unjudged_alarm(config_name)


def publication(settings: Settings, config_name: str, failed: bool) -> dict[str, Any]:
    """The request of PutMetricData."""
    datum = {
        "MetricName": METRIC,
        "Dimensions": _dimensions(settings, config_name),
        "Value": float(failed),
        "StorageResolution": 1,
    }
    return {"Namespace": namespace(settings), "MetricData": [datum]}


def calls(settings: Settings, config_name: str, all_at_once: bool) -> tuple[Call, ...]:
    """--now is for emergencies, which wait for no data: the alarm on missing data is left out."""
    publish = Call(
        "cloudwatch",
        "put_metric_data",
        publication(settings, config_name, failed=False),
        f"metric {METRIC} of {namespace(settings)}: 0, and 1 once the judgement fails",
    )
    failed = _alarm(settings, config_name, failure_alarm(config_name), "the judgement has failed", _FAILED)
    if all_at_once:
        return publish, failed
    minutes = settings.judgement.unjudged_minutes
    condition = f"no run has judged it for {minutes} minutes"
    return publish, failed, _alarm(settings, config_name, unjudged_alarm(config_name), condition, _missing(minutes))


_FAILED = {
    "Statistic": "Maximum",
    "Period": PERIOD,
    "EvaluationPeriods": 1,
    "DatapointsToAlarm": 1,
    "Threshold": 0.0,
    "ComparisonOperator": "GreaterThanThreshold",
    "TreatMissingData": "notBreaching",
}


def _missing(minutes: int) -> dict[str, Any]:
    periods = minutes * 60 // UNJUDGED_PERIOD
    return {
        "Statistic": "SampleCount",
        "Period": UNJUDGED_PERIOD,
        "EvaluationPeriods": periods,
        "DatapointsToAlarm": periods,
        "Threshold": 1.0,
        "ComparisonOperator": "LessThanThreshold",
        "TreatMissingData": "breaching",
    }


def _alarm(settings: Settings, config_name: str, name: str, condition: str, rule: dict[str, Any]) -> Call:
    request = {
        "AlarmName": name,
        "AlarmDescription": f"Takes a release back when {condition}",
        "Namespace": namespace(settings),
        "MetricName": METRIC,
        "Dimensions": _dimensions(settings, config_name),
        **rule,
        "Tags": tag_list(settings.tags),
    }
    return Call("cloudwatch", "put_metric_alarm", request, f"alarm {name}: {condition}")


def _dimensions(settings: Settings, config_name: str) -> list[dict[str, str]]:
    values = {"EndpointName": settings.endpoint_name, "EndpointConfigName": config_name}
    return [{"Name": name, "Value": value} for name, value in values.items()]


def watched(alarm_names: Iterable[str], config_name: str) -> bool:
    """Does the judgement take back a deployment that these alarms roll back?"""
    return failure_alarm(config_name) in alarm_names
