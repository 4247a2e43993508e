"""Lists of MetricDataQuery, as GetMetricData and alarms take them: parsed, checked, computed.

Not reproduced: metrics of other accounts, Metrics Insights (SELECT), dynamic labels such as ``${LAST}``, which are
kept as text. Metrics of different periods may occur in one expression: it then has data where any of them has.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any

from localcloud.core.refusal import Refusal
from localcloud.services.cloudwatch import math_expressions
from localcloud.services.cloudwatch.math_evaluation import Scope, evaluate
from localcloud.services.cloudwatch.math_expressions import BadExpression, Node
from localcloud.services.cloudwatch.math_values import Series
from localcloud.services.cloudwatch.metric_store import Grid, Metric, MetricStore
from localcloud.services.cloudwatch.statistics import PLAIN, Statistic, find_statistic

ID = re.compile(r"[a-z]\w*", re.ASCII)
INVALID = "ValidationError"
SECONDS = (1, 5, 10, 20, 30)  # the periods below a minute


@dataclass(frozen=True)
class Query:
    id: str
    label: str
    returns_data: bool
    period: int = 0  # 0 for an expression: its metrics have theirs
    metric: Metric | None = None
    stat: str = ""
    statistic: Statistic = PLAIN["Sum"]
    unit: str | None = None
    tree: Node | None = None

    def read(self, store: MetricStore, grid: Grid) -> Series:
        if not self.metric:
            raise TypeError(f"{self.id} is an expression")
        points = store.points(self.metric, grid, self.statistic, self.unit)
        samples = {point.time: point.samples for point in points}
        return Series({point.time: point.value for point in points}, grid, self.label, samples)


def parse(queries: Sequence[Mapping[str, Any]], where: str, account: str) -> list[Query]:
    """``where`` is the request's member, for the messages: MetricDataQueries."""
    parsed = [_query(query, f"{where}.member.{number}", account) for number, query in enumerate(queries, 1)]
    ids = [query.id for query in parsed]
    if duplicates := {id for id in ids if ids.count(id) > 1}:
        raise Refusal(
            INVALID, f"The values for parameter id in {where} are not unique: {', '.join(sorted(duplicates))}."
        )
    if not any(query.returns_data for query in parsed):
        raise Refusal(INVALID, f"At least one element of {where} must have ReturnData true.")
    _check(parsed)
    return parsed


def compute(queries: Sequence[Query], store: MetricStore, grid_of: Callable[[int], Grid]) -> dict[str, list[Series]]:
    """The result of each query: one series, or several for some expressions."""
    metrics = {query.id: query.read(store, grid_of(query.period)) for query in queries if query.metric}
    values = _values(queries, metrics, grid_of)
    return {query.id: _labelled(query, values[query.id]) for query in queries}


def multi_series(queries: Sequence[Query]) -> set[str]:
    """The ids of those that return a list of series, as METRICS() does. Tried on series without data."""
    empty = {query.id: Series({}, Grid(0, 60, query.period), query.label) for query in queries if query.metric}
    values = _values(queries, empty, lambda period: Grid(0, 60, period))
    return {id for id, value in values.items() if isinstance(value, list)}


def _values(
    queries: Sequence[Query], metrics: Mapping[str, Series], grid_of: Callable[[int], Grid]
) -> dict[str, Series | list[Series]]:
    values: dict[str, Series | list[Series]] = dict(metrics)
    scope = Scope(values, metrics, grid_of(max((series.grid.period for series in metrics.values()), default=60)))
    for query in _in_order(queries):
        if query.tree:
            values[query.id] = _evaluate(query, query.tree, scope)
    return values


def _evaluate(query: Query, tree: Node, scope: Scope) -> Series | list[Series]:
    try:
        return evaluate(tree, scope)
    except BadExpression as error:
        raise Refusal(INVALID, f"Error in expression '{query.id}': {error}.") from None


def _labelled(query: Query, value: Series | list[Series]) -> list[Series]:
    if isinstance(value, Series):
        return [Series(value.points, value.grid, query.label, value.samples)]
    return [Series(each.points, each.grid, f"{query.label} {each.label}".strip()) for each in value]


def _check(queries: Sequence[Query]) -> None:
    """Unknown names, circles, and types: evaluates the expressions with series without data."""
    known = {query.id for query in queries}
    for query in queries:
        unknown = math_expressions.names(query.tree) - known if query.tree else set()
        if unknown:
            sentence = f"the expression contains undefined identifiers: {', '.join(sorted(unknown))}"
            raise Refusal(INVALID, f"Error in expression '{query.id}': {sentence}.")
    multi_series(queries)


def _in_order(queries: Sequence[Query]) -> list[Query]:
    by_id = {query.id: query for query in queries}
    needs = {query.id: math_expressions.names(query.tree) if query.tree else set() for query in queries}
    try:
        return [by_id[id] for id in TopologicalSorter(needs).static_order()]
    except CycleError as error:
        circle = " -> ".join(error.args[1])
        raise Refusal(INVALID, f"The expressions go round in a circle: {circle}.") from None


def _query(query: Mapping[str, Any], where: str, account: str) -> Query:
    id = query["Id"]
    if not ID.fullmatch(id):
        sentence = "must start with a lowercase letter and hold letters, numbers and underscores only"
        raise Refusal(INVALID, f"The value {id} for parameter {where}.Id is invalid: it {sentence}.")
    if ("MetricStat" in query) == ("Expression" in query):
        sentence = f"Exactly one of {where}.MetricStat and {where}.Expression must be specified."
        raise Refusal(INVALID, sentence)
    if query.get("AccountId", account) != account:
        raise Refusal(INVALID, f"{where}.AccountId: localcloud has the account {account} only.")
    returns_data = query.get("ReturnData", True)
    if "Expression" in query:
        return Query(
            id, query.get("Label", id), returns_data, query.get("Period", 0), tree=_tree(id, query["Expression"])
        )
    return _metric_query(id, query, returns_data, where)


def _metric_query(id: str, query: Mapping[str, Any], returns_data: bool, where: str) -> Query:
    stat, where = query["MetricStat"], f"{where}.MetricStat"
    for name in ("Namespace", "MetricName"):
        if name not in stat["Metric"]:
            raise Refusal(INVALID, f"The parameter {where}.Metric.{name} is required.")
    metric = Metric.of(stat["Metric"]["Namespace"], stat["Metric"]["MetricName"], stat["Metric"].get("Dimensions", ()))
    period = checked_period(stat["Period"], f"{where}.Period", INVALID)
    statistic = known_statistic(stat["Stat"], f"{where}.Stat", INVALID)
    label = query.get("Label", metric.name)
    return Query(id, label, returns_data, period, metric, stat["Stat"], statistic, stat.get("Unit"))


def _tree(id: str, text: str) -> Node:
    try:
        return math_expressions.parse(text)
    except BadExpression as error:
        raise Refusal(INVALID, f"Error in expression '{id}': {error}.") from None


def checked_period(period: int, where: str, code: str) -> int:
    if period not in SECONDS and period % 60:
        sentence = f"it must be {', '.join(map(str, SECONDS))} or a multiple of 60"
        raise Refusal(code, f"The value {period} for parameter {where} is invalid: {sentence}.")
    return period


def known_statistic(name: str, where: str, code: str) -> Statistic:
    statistic = find_statistic(name)
    if not statistic:
        sentence = f"localcloud has {', '.join(PLAIN)} and the percentiles p0 to p100"
        raise Refusal(code, f"The value {name} for parameter {where} is not supported: {sentence}.")
    return statistic
