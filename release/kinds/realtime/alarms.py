"""The alarms that take a release back.

An alarm over the whole endpoint covers both fleets, whichever is at fault; one with the EndpointConfigName covers only
the fleet of that config, from its first request on. Invocation errors are 1 or 0 for each request, so rates are
fractions. Missing data does not breach: no request, no datapoint. The verdict notices an idle canary that passes so.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil
from typing import Any

from release.call import Call
from release.kinds.realtime.traffic_shift import least_share
from release.names import NAMESPACE, VARIANT, both_fleets_alarm
from settings.model import Settings

MICROSECONDS = 1000  # in a millisecond: ModelLatency is in microseconds, the settings are in milliseconds


def alarms(settings: Settings, config_name: str) -> list[Call]:
    """The release's own; a setting of 0 makes no alarm."""
    return list(_calls(settings, config_name))


def _calls(settings: Settings, config_name: str) -> Iterator[Call]:
    limits, both = settings.alarms, both_fleets_alarm(settings.endpoint_name)
    green_floor = ceil(limits.traffic_floor * least_share(settings) / 100)
    if limits.error_rate:
        rate, condition = {"Threshold": limits.error_rate}, f"above {limits.error_rate:.3g} of the requests are 5xx"
        counts = _rate(settings, "Invocation5XXErrors", limits.traffic_floor, "")
        yield _call(settings, both, f"{condition}, in both fleets", {**rate, **counts})
        counts = _rate(settings, "Invocation5XXErrors", green_floor, config_name)
        yield _call(settings, f"{config_name}-5xx", f"{condition}, in the new fleet", {**rate, **counts})
    if limits.latency_ms:
        condition = f"the model's {limits.latency_statistic} latency is above {limits.latency_ms} ms, in the new fleet"
        yield _call(settings, f"{config_name}-latency", condition, _latency(settings, config_name))
    if limits.error_4xx_rate:
        condition = f"above {limits.error_4xx_rate:.3g} of the requests are 4xx, in the new fleet"
        counts = _rate(settings, "Invocation4XXErrors", green_floor, config_name)
        yield _call(settings, f"{config_name}-4xx", condition, {"Threshold": limits.error_4xx_rate, **counts})


def _call(settings: Settings, name: str, condition: str, metric: dict[str, Any]) -> Call:
    request = {
        "AlarmName": name,
        "AlarmDescription": f"Takes a release back when {condition}",
        **metric,
        "ComparisonOperator": "GreaterThanThreshold",
        "EvaluationPeriods": settings.alarms.evaluation_periods,
        "DatapointsToAlarm": settings.alarms.datapoints,
        "TreatMissingData": "notBreaching",
        "Tags": [{"Key": key, "Value": value} for key, value in sorted(settings.tags.items())],
    }
    return Call("cloudwatch", "put_metric_alarm", request, f"alarm {name}: {condition}")


def _rate(settings: Settings, errors: str, floor: int, config_name: str) -> dict[str, Any]:
    """0 below ``floor`` requests in a period: one refused request of two is not a rate."""
    expression = {
        "Id": "rate",
        "Label": "errors as a fraction of the requests",
        "Expression": f"IF(FILL(requests, 0) >= {floor}, FILL(errors, 0) / requests, 0)",
        "ReturnData": True,
    }
    counts = [_count(settings, "errors", errors, config_name), _count(settings, "requests", "Invocations", config_name)]
    return {"Metrics": [expression, *counts]}


def _count(settings: Settings, identifier: str, metric: str, config_name: str) -> dict[str, Any]:
    source = {"Namespace": NAMESPACE, "MetricName": metric, "Dimensions": dimensions(settings, config_name)}
    stat = {"Metric": source, "Period": settings.alarms.period_seconds, "Stat": "Sum"}
    return {"Id": identifier, "MetricStat": stat, "ReturnData": False}


def dimensions(settings: Settings, config_name: str = "") -> list[dict[str, str]]:
    """Without a config, those of both fleets."""
    values = {"EndpointName": settings.endpoint_name, "VariantName": VARIANT}
    if config_name:
        values["EndpointConfigName"] = config_name
    return [{"Name": name, "Value": value} for name, value in values.items()]


def _latency(settings: Settings, config_name: str) -> dict[str, Any]:
    limits = settings.alarms
    statistic: dict[str, Any] = {"Statistic": limits.latency_statistic}
    if limits.latency_statistic.startswith("p"):
        # with "ignore" a p99 needs 1000 requests in a period, and a canary has fewer
        statistic = {"ExtendedStatistic": limits.latency_statistic, "EvaluateLowSampleCountPercentile": "evaluate"}
    return {
        "Namespace": NAMESPACE,
        "MetricName": "ModelLatency",
        "Dimensions": dimensions(settings, config_name),
        "Period": limits.period_seconds,
        **statistic,
        "Threshold": float(limits.latency_ms * MICROSECONDS),
    }
