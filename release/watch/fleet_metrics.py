"""CloudWatch's metrics of a fleet: requests, errors, latency. One fleet is one endpoint config of the endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from release.names import NAMESPACE, VARIANT

METRICS = {  # of each fleet: the metric and its statistic
    "requests": ("Invocations", "Sum"),
    "errors_5xx": ("Invocation5XXErrors", "Sum"),
    "errors_4xx": ("Invocation4XXErrors", "Sum"),
    "timed": ("ModelLatency", "SampleCount"),
    "p50": ("ModelLatency", "p50"),
    "p99": ("ModelLatency", "p99"),
}
MINUTE = 60


@dataclass(frozen=True)
class FleetMetrics:
    requests: int = 0
    errors_5xx: int = 0
    errors_4xx: int = 0
    p50_ms: float | None = None
    p99_ms: float | None = None


def read_fleets(
    cloudwatch: Any, endpoint: str, configs: Mapping[str, str], start: datetime, end: datetime
) -> dict[str, FleetMetrics]:
    """``configs``: the fleet's name -> its endpoint config, "" for a fleet that does not exist."""
    start = start.replace(second=0, microsecond=0)
    period = MINUTE * max(1, ceil((end - start).total_seconds() / MINUTE))
    existing = {fleet: config for fleet, config in configs.items() if config}
    if not existing:
        return {fleet: FleetMetrics() for fleet in configs}
    queries = [
        _query(f"{fleet}_{name}", endpoint, config, metric, stat, period)
        for fleet, config in existing.items()
        for name, (metric, stat) in METRICS.items()
    ]
    series: dict[str, dict[datetime, float]] = {}
    pages = cloudwatch.get_paginator("get_metric_data").paginate(
        MetricDataQueries=queries, StartTime=start, EndTime=end + timedelta(seconds=1)
    )
    for page in pages:
        for result in page["MetricDataResults"]:
            points = zip(result["Timestamps"], result["Values"], strict=True)
            series.setdefault(result["Id"], {}).update(points)
    return {fleet: _metrics(fleet, series) if fleet in existing else FleetMetrics() for fleet in configs}


def _query(id: str, endpoint: str, config: str, metric: str, statistic: str, period: int) -> dict[str, Any]:
    values = {"EndpointName": endpoint, "VariantName": VARIANT, "EndpointConfigName": config}
    dimensions = [{"Name": name, "Value": value} for name, value in values.items()]
    source = {"Namespace": NAMESPACE, "MetricName": metric, "Dimensions": dimensions}
    return {"Id": id, "MetricStat": {"Metric": source, "Period": period, "Stat": statistic}}


def _metrics(fleet: str, series: Mapping[str, Mapping[datetime, float]]) -> FleetMetrics:
    points = {name: series.get(f"{fleet}_{name}", {}) for name in METRICS}
    return FleetMetrics(
        *(round(sum(points[name].values())) for name in ("requests", "errors_5xx", "errors_4xx")),
        *(_milliseconds(points[name], points["timed"]) for name in ("p50", "p99")),
    )


def _milliseconds(values: Mapping[datetime, float], weights: Mapping[datetime, float]) -> float | None:
    """AWS may split a span into two periods: the mean of both by their requests. ModelLatency is in microseconds."""
    total = sum(weights.get(at, 0) for at in values)
    return sum(value * weights.get(at, 0) for at, value in values.items()) / total / 1000 if total else None
