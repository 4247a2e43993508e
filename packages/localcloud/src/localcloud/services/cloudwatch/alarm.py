"""One alarm: its settings, its state, and its data points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from localcloud.services.cloudwatch import metric_queries
from localcloud.services.cloudwatch.alarm_evaluation import (
    EXTRA_PERIODS,
    INSUFFICIENT,
    MISSING,
    Datapoint,
    Evaluation,
    Rule,
    evaluate,
)
from localcloud.services.cloudwatch.metric_queries import Query
from localcloud.services.cloudwatch.metric_store import MINUTE, Grid, MetricStore
from localcloud.services.cloudwatch.state_reasons import UNCHECKED

TEN_SECONDS = 10
ACTIONS = {"OK": "OKActions", "ALARM": "AlarmActions", INSUFFICIENT: "InsufficientDataActions"}


@dataclass
class State:
    value: str
    reason: str
    data: str  # JSON, or ""
    at: datetime


@dataclass
class Alarm:
    arn: str
    settings: dict[str, Any]  # PutMetricAlarm's members, with AWS's defaults
    queries: Sequence[Query]  # one query when the alarm has a single metric
    updated: datetime
    state: State
    transitioned: datetime
    tags: dict[str, str] = field(default_factory=dict)
    evaluated_at: int = 0

    @property
    def name(self) -> str:
        return str(self.settings["AlarmName"])

    @property
    def period(self) -> int:
        return next(query.period for query in self.queries if query.metric)

    @property
    def interval(self) -> int:
        """Seconds between two evaluations. AWS evaluates every minute, also where the period is longer: it slides."""
        return TEN_SECONDS if self.period < MINUTE else MINUTE

    @property
    def rule(self) -> Rule:
        settings, stat = self.settings, self.settings.get("ExtendedStatistic", "")
        ignoring = settings.get("EvaluateLowSampleCountPercentile") == "ignore" and stat
        return Rule(
            settings["ComparisonOperator"],
            settings["Threshold"],
            settings["EvaluationPeriods"],
            settings.get("DatapointsToAlarm", settings["EvaluationPeriods"]),
            settings.get("TreatMissingData", MISSING),
            _min_samples(float(stat[1:]) / 100) if ignoring else 0,
        )

    def points(self, store: MetricStore, at: int) -> list[Datapoint]:
        """The evaluation range that ends with ``at``, by time, missing data points included."""
        length = (self.settings["EvaluationPeriods"] + EXTRA_PERIODS) * self.period
        grid = Grid(at - length, at, self.period)
        if len(self.queries) == 1:
            series = self.queries[0].read(store, grid)
        else:
            results = metric_queries.compute(self.queries, store, lambda _: grid)
            series = next(results[query.id][0] for query in self.queries if query.returns_data)
        return [Datapoint(time, series.points.get(time), series.samples.get(time)) for time in grid.times()]

    def evaluate(self, points: Sequence[Datapoint]) -> Evaluation:
        return evaluate(self.rule, points)

    def describe(self) -> dict[str, Any]:
        members = {
            "AlarmName": self.name,
            "AlarmArn": self.arn,
            **self.settings,
            "AlarmConfigurationUpdatedTimestamp": self.updated,
            "StateValue": self.state.value,
            "StateReason": self.state.reason,
            "StateUpdatedTimestamp": self.state.at,
            "StateTransitionedTimestamp": self.transitioned,
        }
        return members | ({"StateReasonData": self.state.data} if self.state.data else {})

    @property
    def reason_settings(self) -> dict[str, Any]:
        statistic = self.settings.get("Statistic", self.settings.get("ExtendedStatistic"))
        return {"unit": self.settings.get("Unit"), "statistic": statistic}


def initial_state(at: datetime) -> State:
    return State(INSUFFICIENT, UNCHECKED, "", at)


def _min_samples(percentile: float) -> float:
    """The number of values from which a percentile is meaningful."""
    rare = min(percentile, 1 - percentile)
    return round(10 / rare, 6) if rare else 0


def single_query(settings: Mapping[str, Any], account: str) -> list[Query]:
    """A single-metric alarm's settings as a query."""
    metric = {name: settings[name] for name in ("Namespace", "MetricName", "Dimensions") if name in settings}
    stat = settings.get("Statistic") or settings["ExtendedStatistic"]
    metric_stat = {"Metric": metric, "Period": settings["Period"], "Stat": stat}
    if "Unit" in settings:
        metric_stat["Unit"] = settings["Unit"]
    return metric_queries.parse([{"Id": "m1", "MetricStat": metric_stat}], "Metrics", account)
