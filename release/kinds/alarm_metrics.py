"""What alarms of an endpoint watch: the metrics of both fleets, or of the fleet of one endpoint config.

Invocation errors are 1 or 0 for each request, so rates are fractions. ModelLatency is in microseconds, and everything
that people read is in milliseconds.
"""

from __future__ import annotations

from typing import Any

from release.names import NAMESPACE, VARIANT
from settings.model import Settings

MILLISECONDS = "latency / 1000"


def dimensions(settings: Settings, config_name: str = "") -> list[dict[str, str]]:
    """Without a config, those of both fleets."""
    values = {"EndpointName": settings.endpoint_name, "VariantName": VARIANT}
    if config_name:
        values["EndpointConfigName"] = config_name
    return [{"Name": name, "Value": value} for name, value in values.items()]


def rate(settings: Settings, errors: str, floor: int, config_name: str = "") -> dict[str, Any]:
    """0 below ``floor`` requests in a period: one refused request of two is not a rate. A period without metrics stays
    missing: the newest ones arrive late, and filled with zeros they would be all that a "1 of 1" alarm sees."""
    expression = f"IF(requests >= {floor}, errors / requests, 0)"
    counts = [
        _query(settings, "errors", errors, "Sum", config_name),
        _query(settings, "requests", "Invocations", "Sum", config_name),
    ]
    return {"Metrics": [_expression("rate", "errors as a fraction of the requests", expression), *counts]}


def latency(settings: Settings, floor: int = 0, config_name: str = "") -> dict[str, Any]:
    """In milliseconds; with a ``floor``, 0 below so many requests in a period."""
    metric = _query(settings, "latency", "ModelLatency", settings.alarms.latency_statistic, config_name)
    label = f"{settings.alarms.latency_statistic} latency in ms"
    if not floor:
        return {"Metrics": [_expression("milliseconds", label, MILLISECONDS), metric]}
    expression = f"IF(requests >= {floor}, latency / 1000, 0)"
    requests = _query(settings, "requests", "Invocations", "Sum", config_name)
    return {"Metrics": [_expression("milliseconds", label, expression), metric, requests]}


def above(settings: Settings, threshold: float) -> dict[str, Any]:
    """When an alarm fires: as many periods above the threshold as the settings say."""
    return {
        "Threshold": float(threshold),
        "ComparisonOperator": "GreaterThanThreshold",
        "EvaluationPeriods": settings.alarms.evaluation_periods,
        "DatapointsToAlarm": settings.alarms.datapoints,
        "TreatMissingData": "notBreaching",
    }


def _expression(identifier: str, label: str, expression: str) -> dict[str, Any]:
    return {"Id": identifier, "Label": label, "Expression": expression, "ReturnData": True}


def _query(settings: Settings, identifier: str, metric: str, statistic: str, config_name: str) -> dict[str, Any]:
    source = {"Namespace": NAMESPACE, "MetricName": metric, "Dimensions": dimensions(settings, config_name)}
    stat = {"Metric": source, "Period": settings.alarms.period_seconds, "Stat": statistic}
    return {"Id": identifier, "MetricStat": stat, "ReturnData": False}
