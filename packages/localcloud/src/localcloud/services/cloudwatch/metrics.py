"""Operations on metrics: told, listed, read.

Not reproduced: the entity of EntityMetricData, other accounts, CBOR. Metrics of AWS's own namespaces come from our
services; a client that tells them is refused, as on AWS.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from localcloud.core.paging import paged
from localcloud.core.refusal import Refusal
from localcloud.core.service import Service, operation
from localcloud.services.cloudwatch import metric_queries
from localcloud.services.cloudwatch.math_values import Series
from localcloud.services.cloudwatch.metric_datum import read
from localcloud.services.cloudwatch.metric_store import DAY, HOUR, MINUTE, TWO_WEEKS, Grid, Metric, Store
from localcloud.services.cloudwatch.statistics import PLAIN, Bucket, Statistic

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud
    from localcloud.core.metrics import Datum

INVALID, COMBINATION = "InvalidParameterValue", "InvalidParameterCombination"
BAD_TOKEN = "InvalidNextToken"  # noqa: S105 - an error's name
MOST_TOLD, MOST_POINTS, MOST_QUERIES = 1000, 1440, 500


class Metrics(Service):
    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self.store = Store(cloud.clock.seconds)
        cloud.metrics.subscribe(self._noted)

    def reset(self) -> None:
        super().reset()
        self.store.clear()

    def _noted(self, datum: Datum) -> None:
        """What our own services measure. On any thread."""
        told = Bucket()
        told.add(datum.value)
        metric = Metric(datum.namespace, datum.name, tuple(sorted(datum.dimensions.items())))
        self.store.put(metric, datum.unit, datum.at.timestamp(), told)

    @operation("PutMetricData")
    def put_metric_data(self, request: dict[str, Any]) -> None:
        """All of it or nothing."""
        namespace, told = request["Namespace"], list(request.get("MetricData", ()))
        if namespace.startswith("AWS/"):
            raise Refusal(INVALID, f"The value {namespace} for parameter Namespace is invalid.")
        for entity in request.get("EntityMetricData", ()):
            told += entity.get("MetricData", ())
        if len(told) > MOST_TOLD:
            raise Refusal(INVALID, f"The collection MetricData must not have a size greater than {MOST_TOLD}.")
        if not told:
            raise Refusal("MissingParameter", "The parameter MetricData is required.")
        now = self.cloud.clock.now()
        for datum in [read(each, f"MetricData.member.{number}", now) for number, each in enumerate(told, 1)]:
            metric = Metric.of(namespace, datum.name, datum.dimensions)
            self.store.put(metric, datum.unit, datum.time, datum.values, datum.resolution)

    @operation("ListMetrics")
    def list_metrics(self, request: dict[str, Any]) -> dict[str, Any]:
        recent = self.store.metrics(3 * HOUR if "RecentlyActive" in request else TWO_WEEKS)
        found = [metric.told() for metric in recent if _wanted(metric, request)]
        return paged(found, request, "Metrics", limit=500, code=INVALID)

    @operation("GetMetricStatistics")
    def get_metric_statistics(self, request: dict[str, Any]) -> dict[str, Any]:
        metric = Metric.of(request["Namespace"], request["MetricName"], request.get("Dimensions", ()))
        names = _asked_statistics(request)
        grid = self._grid(request, metric_queries.checked_period(request["Period"], "Period", INVALID), INVALID)
        if len(grid) > MOST_POINTS:
            sentence = f"You have requested up to {len(grid):,} datapoints, which exceeds the limit of {MOST_POINTS:,}."
            more = "You may reduce the datapoints requested by increasing Period, or decreasing the time range."
            raise Refusal(COMBINATION, f"{sentence} {more}")
        measured = self.store.by_unit(metric, grid, lambda buckets: {name: of(buckets) for name, of in names.items()})
        points = [_datapoint(*each) for each in measured if request.get("Unit") in (None, each[1])]
        return {"Label": metric.name, "Datapoints": points}

    @operation("GetMetricData")
    def get_metric_data(self, request: dict[str, Any]) -> dict[str, Any]:
        asked = request["MetricDataQueries"]
        if len(asked) > MOST_QUERIES:
            sentence = f"The collection MetricDataQueries must not have a size greater than {MOST_QUERIES}."
            raise Refusal(metric_queries.INVALID, sentence)
        if not asked:
            raise Refusal(metric_queries.INVALID, "The parameter MetricDataQueries is required.")
        parsed = metric_queries.parsed(asked, "MetricDataQueries", self.cloud.account)
        invalid = metric_queries.INVALID
        found = metric_queries.compute(parsed, self.store, lambda period: self._grid(request, period, invalid))
        shown = [(query.id, series) for query in parsed if query.shown for series in found[query.id]]
        return _page(shown, request)

    def _grid(self, request: Mapping[str, Any], period: int, code: str) -> Grid:
        """The start is rounded down, and more so the longer ago it is."""
        start, end = request["StartTime"].timestamp(), request["EndTime"].timestamp()
        if start >= end:
            raise Refusal(code, "The parameter StartTime must be less than the parameter EndTime.")
        age = self.cloud.clock.seconds() - start
        step = min(period, MINUTE) if age < 15 * DAY else 300 if age < 63 * DAY else HOUR
        return Grid(int(start // step * step), end, period)


def _wanted(metric: Metric, request: Mapping[str, Any]) -> bool:
    """A filter without a value asks for the dimension alone."""
    if metric.namespace != request.get("Namespace", metric.namespace):
        return False
    has = dict(metric.dimensions)
    asked = request.get("Dimensions", ())
    return metric.name == request.get("MetricName", metric.name) and all(
        each["Name"] in has and has[each["Name"]] == each.get("Value", has[each["Name"]]) for each in asked
    )


def _asked_statistics(request: Mapping[str, Any]) -> dict[str, Statistic]:
    plain, extended = request.get("Statistics", ()), request.get("ExtendedStatistics", ())
    if not plain and not extended:
        sentence = "At least one of the parameters Statistics and ExtendedStatistics must be specified."
        raise Refusal(COMBINATION, sentence)
    if plain and extended:
        raise Refusal(COMBINATION, "The parameters Statistics and ExtendedStatistics are mutually exclusive.")
    return {name: metric_queries.known_statistic(name, "ExtendedStatistics", INVALID) for name in (*plain, *extended)}


def _datapoint(slot: int, unit: str, measured: Mapping[str, float | None]) -> dict[str, Any]:
    known = {name: value for name, value in measured.items() if value is not None and math.isfinite(value)}
    told: dict[str, Any] = {"Timestamp": datetime.fromtimestamp(slot, UTC), "Unit": unit}
    told |= {name: value for name, value in known.items() if name in PLAIN}
    if extended := {name: value for name, value in known.items() if name not in PLAIN}:
        told["ExtendedStatistics"] = extended
    return told


def _page(shown: Sequence[tuple[str, Series]], request: Mapping[str, Any]) -> dict[str, Any]:
    """Pages count data points. A result that goes on in the next one says PartialData; an empty one is in the first."""
    ascending = request.get("ScanBy") == "TimestampAscending"
    ordered = [sorted(series.points.items(), reverse=not ascending) for _, series in shown]
    points = [(number, *point) for number, each in enumerate(ordered) for point in each]
    page = paged(points, request, "points", limit=100_800, size_key="MaxDatapoints", code=BAD_TOKEN)
    told: dict[int, list[tuple[int, float]]] = {}
    if "NextToken" not in request:
        told = {number: [] for number, each in enumerate(ordered) if not each}
    for number, time, value in page.pop("points"):
        told.setdefault(number, []).append((time, value))
    results = [_result(*shown[number], told[number], ordered[number]) for number in sorted(told)]
    return {"MetricDataResults": results, "Messages": [], **page}


def _result(id: str, series: Series, told: Sequence[tuple[int, float]], whole: Sequence[Any]) -> dict[str, Any]:
    return {
        "Id": id,
        "Label": series.label,
        "Timestamps": [datetime.fromtimestamp(time, UTC) for time, _ in told],
        "Values": [value for _, value in told],
        "StatusCode": "Complete" if told[-1:] == whole[-1:] else "PartialData",
    }
