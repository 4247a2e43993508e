"""Operations on metrics: put, listed, read.

Not reproduced: the entity of EntityMetricData, other accounts, CBOR. Metrics in AWS's own namespaces come from
localcloud's services; a client that puts them is refused, as on AWS.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from localcloud.core.clock import Clock
from localcloud.core.metrics import Datum
from localcloud.core.paging import paged
from localcloud.core.refusal import Refusal
from localcloud.core.service import Part, operation
from localcloud.services.cloudwatch import metric_queries
from localcloud.services.cloudwatch.math_values import Series
from localcloud.services.cloudwatch.metric_datum import parse
from localcloud.services.cloudwatch.metric_store import DAY, HOUR, MINUTE, TWO_WEEKS, Grid, Metric, MetricStore
from localcloud.services.cloudwatch.statistics import PLAIN, Bucket, Statistic

INVALID, COMBINATION = "InvalidParameterValue", "InvalidParameterCombination"
BAD_TOKEN = "InvalidNextToken"  # noqa: S105 - an error's name
MAX_DATA, MAX_POINTS, MAX_QUERIES = 1000, 1440, 500


class Metrics(Part):
    def __init__(self, clock: Clock, store: MetricStore, account: str) -> None:
        self._clock, self._store, self._account = clock, store, account

    def reset(self) -> None:
        self._store.clear()

    def record(self, datum: Datum) -> None:
        """A metric of one of localcloud's services. On any thread."""
        values = Bucket()
        values.add(datum.value)
        metric = Metric(datum.namespace, datum.name, tuple(sorted(datum.dimensions.items())))
        self._store.put(metric, datum.unit, datum.at.timestamp(), values)

    @operation("PutMetricData")
    def put_metric_data(self, request: dict[str, Any]) -> None:
        """All of it or nothing."""
        namespace, data = request["Namespace"], list(request.get("MetricData", ()))
        if namespace.startswith("AWS/"):
            raise Refusal(INVALID, f"The value {namespace} for parameter Namespace is invalid.")
        for entity in request.get("EntityMetricData", ()):
            data += entity.get("MetricData", ())
        if len(data) > MAX_DATA:
            raise Refusal(INVALID, f"The collection MetricData must not have a size greater than {MAX_DATA}.")
        if not data:
            raise Refusal("MissingParameter", "The parameter MetricData is required.")
        now = self._clock.now()
        for datum in [parse(each, f"MetricData.member.{number}", now) for number, each in enumerate(data, 1)]:
            metric = Metric.of(namespace, datum.name, datum.dimensions)
            self._store.put(metric, datum.unit, datum.time, datum.values, datum.resolution)

    @operation("ListMetrics")
    def list_metrics(self, request: dict[str, Any]) -> dict[str, Any]:
        recent = self._store.metrics(3 * HOUR if "RecentlyActive" in request else TWO_WEEKS)
        matching = [metric.describe() for metric in recent if _matches(metric, request)]
        return paged(matching, request, "Metrics", limit=500, code=INVALID)

    @operation("GetMetricStatistics")
    def get_metric_statistics(self, request: dict[str, Any]) -> dict[str, Any]:
        metric = Metric.of(request["Namespace"], request["MetricName"], request.get("Dimensions", ()))
        names = _statistics(request)
        grid = self._grid(request, metric_queries.checked_period(request["Period"], "Period", INVALID), INVALID)
        if len(grid) > MAX_POINTS:
            sentence = f"You have requested up to {len(grid):,} datapoints, which exceeds the limit of {MAX_POINTS:,}."
            more = "You may reduce the datapoints requested by increasing Period, or decreasing the time range."
            raise Refusal(COMBINATION, f"{sentence} {more}")
        values = self._store.by_unit(metric, grid, lambda buckets: {name: of(buckets) for name, of in names.items()})
        points = [_datapoint(*each) for each in values if request.get("Unit") in (None, each[1])]
        return {"Label": metric.name, "Datapoints": points}

    @operation("GetMetricData")
    def get_metric_data(self, request: dict[str, Any]) -> dict[str, Any]:
        queries = request["MetricDataQueries"]
        if len(queries) > MAX_QUERIES:
            sentence = f"The collection MetricDataQueries must not have a size greater than {MAX_QUERIES}."
            raise Refusal(metric_queries.INVALID, sentence)
        if not queries:
            raise Refusal(metric_queries.INVALID, "The parameter MetricDataQueries is required.")
        parsed = metric_queries.parse(queries, "MetricDataQueries", self._account)
        invalid = metric_queries.INVALID
        results = metric_queries.compute(parsed, self._store, lambda period: self._grid(request, period, invalid))
        returned = [(query.id, series) for query in parsed if query.returns_data for series in results[query.id]]
        return _page(returned, request)

    def _grid(self, request: Mapping[str, Any], period: int, code: str) -> Grid:
        """The start is rounded down, the more the older it is."""
        start, end = request["StartTime"].timestamp(), request["EndTime"].timestamp()
        if start >= end:
            raise Refusal(code, "The parameter StartTime must be less than the parameter EndTime.")
        age = self._clock.seconds() - start
        step = min(period, MINUTE) if age < 15 * DAY else 300 if age < 63 * DAY else HOUR
        return Grid(int(start // step * step), end, period)


def _matches(metric: Metric, request: Mapping[str, Any]) -> bool:
    """A filter without a value matches any value of the dimension."""
    if metric.namespace != request.get("Namespace", metric.namespace):
        return False
    has = dict(metric.dimensions)
    filters = request.get("Dimensions", ())
    return metric.name == request.get("MetricName", metric.name) and all(
        each["Name"] in has and has[each["Name"]] == each.get("Value", has[each["Name"]]) for each in filters
    )


def _statistics(request: Mapping[str, Any]) -> dict[str, Statistic]:
    plain, extended = request.get("Statistics", ()), request.get("ExtendedStatistics", ())
    if not plain and not extended:
        sentence = "At least one of the parameters Statistics and ExtendedStatistics must be specified."
        raise Refusal(COMBINATION, sentence)
    if plain and extended:
        raise Refusal(COMBINATION, "The parameters Statistics and ExtendedStatistics are mutually exclusive.")
    return {name: metric_queries.known_statistic(name, "ExtendedStatistics", INVALID) for name in (*plain, *extended)}


def _datapoint(slot: int, unit: str, values: Mapping[str, float | None]) -> dict[str, Any]:
    known = {name: value for name, value in values.items() if value is not None and math.isfinite(value)}
    datapoint: dict[str, Any] = {"Timestamp": datetime.fromtimestamp(slot, UTC), "Unit": unit}
    datapoint |= {name: value for name, value in known.items() if name in PLAIN}
    if extended := {name: value for name, value in known.items() if name not in PLAIN}:
        datapoint["ExtendedStatistics"] = extended
    return datapoint


def _page(returned: Sequence[tuple[str, Series]], request: Mapping[str, Any]) -> dict[str, Any]:
    """Pages count data points. A result that continues has PartialData; an empty one is on the first page."""
    ascending = request.get("ScanBy") == "TimestampAscending"
    ordered = [sorted(series.points.items(), reverse=not ascending) for _, series in returned]
    points = [(number, *point) for number, each in enumerate(ordered) for point in each]
    page = paged(points, request, "points", limit=100_800, size_key="MaxDatapoints", code=BAD_TOKEN)
    by_result: dict[int, list[tuple[int, float]]] = {}
    if "NextToken" not in request:
        by_result = {number: [] for number, each in enumerate(ordered) if not each}
    for number, time, value in page.pop("points"):
        by_result.setdefault(number, []).append((time, value))
    results = [_result(*returned[number], by_result[number], ordered[number]) for number in sorted(by_result)]
    return {"MetricDataResults": results, "Messages": [], **page}


def _result(id: str, series: Series, points: Sequence[tuple[int, float]], all_points: Sequence[Any]) -> dict[str, Any]:
    return {
        "Id": id,
        "Label": series.label,
        "Timestamps": [datetime.fromtimestamp(time, UTC) for time, _ in points],
        "Values": [value for _, value in points],
        "StatusCode": "Complete" if points[-1:] == all_points[-1:] else "PartialData",
    }
