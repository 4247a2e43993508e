"""What CloudWatch counted of a fleet: requests, errors, latency. One fleet is one endpoint config of the endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from release.names import VARIANT
from release.plan.alarms import NAMESPACE

METRICS = {  # of each fleet: the metric and its statistic
    "requests": ("Invocations", "Sum"),
    "errors_5xx": ("Invocation5XXErrors", "Sum"),
    "errors_4xx": ("Invocation4XXErrors", "Sum"),
    "timed": ("ModelLatency", "SampleCount"),
    "p50": ("ModelLatency", "p50"),
    "p99": ("ModelLatency", "p99"),
    "judged": ("ModelLatency", ""),  # the statistic of the settings
}
MINUTE = 60


@dataclass(frozen=True)
class Numbers:
    requests: int = 0
    errors_5xx: int = 0
    errors_4xx: int = 0
    p50_ms: float | None = None
    p99_ms: float | None = None
    judged_ms: float | None = None  # by alarms.latency_statistic


def fleets(
    cloudwatch: Any, endpoint: str, configs: Mapping[str, str], statistic: str, start: datetime, end: datetime
) -> dict[str, Numbers]:
    """``configs``: the fleet's name -> its endpoint config, "" for a fleet that there is not."""
    start = start.replace(second=0, microsecond=0)
    period = MINUTE * max(1, ceil((end - start).total_seconds() / MINUTE))
    there = {fleet: config for fleet, config in configs.items() if config}
    if not there:
        return {fleet: Numbers() for fleet in configs}
    queries = [
        _query(f"{fleet}_{name}", endpoint, config, metric, stat or statistic, period)
        for fleet, config in there.items()
        for name, (metric, stat) in METRICS.items()
    ]
    found: dict[str, dict[datetime, float]] = {}
    pages = cloudwatch.get_paginator("get_metric_data").paginate(
        MetricDataQueries=queries, StartTime=start, EndTime=end + timedelta(seconds=1)
    )
    for page in pages:
        for series in page["MetricDataResults"]:
            points = zip(series["Timestamps"], series["Values"], strict=True)
            found.setdefault(series["Id"], {}).update(points)
    return {fleet: _numbers(fleet, found) if fleet in there else Numbers() for fleet in configs}


def _query(id: str, endpoint: str, config: str, metric: str, statistic: str, period: int) -> dict[str, Any]:
    dimensions = {"EndpointName": endpoint, "VariantName": VARIANT, "EndpointConfigName": config}
    listed = [{"Name": name, "Value": value} for name, value in dimensions.items()]
    of = {"Namespace": NAMESPACE, "MetricName": metric, "Dimensions": listed}
    return {"Id": id, "MetricStat": {"Metric": of, "Period": period, "Stat": statistic}}


def _numbers(fleet: str, found: Mapping[str, Mapping[datetime, float]]) -> Numbers:
    points = {name: found.get(f"{fleet}_{name}", {}) for name in METRICS}
    return Numbers(
        *(round(sum(points[name].values())) for name in ("requests", "errors_5xx", "errors_4xx")),
        *(_milliseconds(points[name], points["timed"]) for name in ("p50", "p99", "judged")),
    )


def _milliseconds(values: Mapping[datetime, float], weights: Mapping[datetime, float]) -> float | None:
    """AWS may cut a span into two periods: the mean of both by their requests. ModelLatency is in microseconds."""
    whole = sum(weights.get(at, 0) for at in values)
    return sum(value * weights.get(at, 0) for at, value in values.items()) / whole / 1000 if whole else None
