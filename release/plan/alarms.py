"""The alarms that take a release back.

An alarm over the whole endpoint sees both fleets, whichever is at fault; one with the EndpointConfigName sees only the
fleet of that config, from its first request on. Invocation errors are 1 or 0 for each request, so rates are fractions.
Missing data is no fault: no request, no datapoint. That an idle canary passes so is for the verdict to notice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import ceil
from typing import Any

from release.call import Call
from release.names import VARIANT
from release.plan.rollout import share
from settings.model import Settings

NAMESPACE = "AWS/SageMaker"
MICROSECONDS = 1000  # in a millisecond: ModelLatency's unit against the settings'
GUARDED = "realtime"


def alarms(settings: Settings, config_name: str) -> list[Call]:
    """Those of the release's own; a setting of 0 is no such alarm."""
    return list(_calls(settings, config_name)) if settings.serving.kind == GUARDED else []


def own_names(settings: Settings, config_name: str) -> list[str]:
    return [call.request["AlarmName"] for call in alarms(settings, config_name)]


def of_new_fleet(config_name: str, name: str) -> bool:
    return name.startswith(f"{config_name}-")


def rollback_names(settings: Settings, config_name: str, all_at_once: bool) -> tuple[str, ...]:
    """--now is for when the old fleet is bad: what sees the old fleet would only bring it back."""
    own = own_names(settings, config_name)
    if settings.serving.kind != GUARDED:
        return ()
    if all_at_once:
        return tuple(name for name in own if of_new_fleet(config_name, name))
    return tuple(dict.fromkeys((*own, *settings.alarms.extra)))


def same(wanted: Mapping[str, Any], described: Mapping[str, Any]) -> bool:
    """Is the alarm there as we would put it? What we do not say (actions somebody added) is theirs."""
    return all(_same(value, described.get(key)) for key, value in wanted.items() if key != "Tags")


def _same(wanted: Any, there: Any) -> bool:
    if isinstance(wanted, Mapping) and isinstance(there, Mapping):
        return all(_same(value, there.get(key)) for key, value in wanted.items())
    if isinstance(wanted, list) and isinstance(there, list):
        pairs = zip(sorted(wanted, key=_label), sorted(there, key=_label), strict=False)
        return len(wanted) == len(there) and all(_same(one, other) for one, other in pairs)
    return bool(wanted == there)


def _label(item: Mapping[str, Any]) -> str:
    """AWS keeps no order of metrics and dimensions."""
    return str(item.get("Id") or item.get("Name"))


def _calls(settings: Settings, config_name: str) -> Iterator[Call]:
    chosen, both = settings.alarms, f"{settings.endpoint_name}-5xx-rate"
    green_floor = ceil(chosen.traffic_floor * share(settings) / 100)
    if chosen.error_rate:
        rate, told = {"Threshold": chosen.error_rate}, f"above {chosen.error_rate:.3g} of the requests are 5xx"
        counts = _rate(settings, "Invocation5XXErrors", chosen.traffic_floor, "")
        yield _call(settings, both, f"{told}, in both fleets", {**rate, **counts})
        counts = _rate(settings, "Invocation5XXErrors", green_floor, config_name)
        yield _call(settings, f"{config_name}-5xx", f"{told}, in the new fleet", {**rate, **counts})
    if chosen.latency_ms:
        told = f"the model's {chosen.latency_statistic} latency is above {chosen.latency_ms} ms, in the new fleet"
        yield _call(settings, f"{config_name}-latency", told, _latency(settings, config_name))
    if chosen.error_4xx_rate:
        told = f"above {chosen.error_4xx_rate:.3g} of the requests are 4xx, in the new fleet"
        counts = _rate(settings, "Invocation4XXErrors", green_floor, config_name)
        yield _call(settings, f"{config_name}-4xx", told, {"Threshold": chosen.error_4xx_rate, **counts})


def _call(settings: Settings, name: str, told: str, watched: dict[str, Any]) -> Call:
    request = {
        "AlarmName": name,
        "AlarmDescription": f"Takes a release back when {told}",
        **watched,
        "ComparisonOperator": "GreaterThanThreshold",
        "EvaluationPeriods": settings.alarms.evaluation_periods,
        "DatapointsToAlarm": settings.alarms.datapoints,
        "TreatMissingData": "notBreaching",
        "Tags": [{"Key": key, "Value": value} for key, value in sorted(settings.tags.items())],
    }
    return Call("cloudwatch", "put_metric_alarm", request, f"alarm {name}: {told}")


def _rate(settings: Settings, errors: str, floor: int, config_name: str) -> dict[str, Any]:
    """Silent below ``floor`` requests in a period: one refused request of two is no rate."""
    maths = {
        "Id": "rate",
        "Label": "errors as a fraction of the requests",
        "Expression": f"IF(FILL(requests, 0) >= {floor}, FILL(errors, 0) / requests, 0)",
        "ReturnData": True,
    }
    counts = [_count(settings, "errors", errors, config_name), _count(settings, "requests", "Invocations", config_name)]
    return {"Metrics": [maths, *counts]}


def _count(settings: Settings, identifier: str, metric: str, config_name: str) -> dict[str, Any]:
    named = {"Namespace": NAMESPACE, "MetricName": metric, "Dimensions": dimensions(settings, config_name)}
    stat = {"Metric": named, "Period": settings.alarms.period_seconds, "Stat": "Sum"}
    return {"Id": identifier, "MetricStat": stat, "ReturnData": False}


def dimensions(settings: Settings, config_name: str = "") -> list[dict[str, str]]:
    """Without a config: of both fleets."""
    named = {"EndpointName": settings.endpoint_name, "VariantName": VARIANT}
    if config_name:
        named["EndpointConfigName"] = config_name
    return [{"Name": name, "Value": value} for name, value in named.items()]


def _latency(settings: Settings, config_name: str) -> dict[str, Any]:
    chosen = settings.alarms
    statistic: dict[str, Any] = {"Statistic": chosen.latency_statistic}
    if chosen.latency_statistic.startswith("p"):
        # "ignore" would want 1000 requests in a period before it looks at a p99: a canary has fewer
        statistic = {"ExtendedStatistic": chosen.latency_statistic, "EvaluateLowSampleCountPercentile": "evaluate"}
    return {
        "Namespace": NAMESPACE,
        "MetricName": "ModelLatency",
        "Dimensions": dimensions(settings, config_name),
        "Period": chosen.period_seconds,
        **statistic,
        "Threshold": float(chosen.latency_ms * MICROSECONDS),
    }
