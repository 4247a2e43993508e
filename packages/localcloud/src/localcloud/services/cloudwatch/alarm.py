"""One alarm: what was asked of it, its state, and its data points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from localcloud.services.cloudwatch import metric_queries
from localcloud.services.cloudwatch.alarm_evaluation import (
    FURTHER,
    INSUFFICIENT,
    MISSING,
    Datapoint,
    Judgement,
    Rule,
    judge,
)
from localcloud.services.cloudwatch.metric_queries import Query
from localcloud.services.cloudwatch.metric_store import MINUTE, Grid, Store
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
    queries: Sequence[Query]  # of a single-metric alarm: that one
    updated: datetime
    state: State
    transitioned: datetime
    tags: dict[str, str] = field(default_factory=dict)
    judged: int = 0  # the moment of the last judgement

    @property
    def name(self) -> str:
        return str(self.settings["AlarmName"])

    @property
    def period(self) -> int:
        return next(query.period for query in self.queries if query.metric)

    @property
    def every(self) -> int:
        """Seconds between two judgements. AWS judges each minute, also where the period is longer: it slides."""
        return TEN_SECONDS if self.period < MINUTE else MINUTE

    @property
    def rule(self) -> Rule:
        told, stat = self.settings, self.settings.get("ExtendedStatistic", "")
        ignoring = told.get("EvaluateLowSampleCountPercentile") == "ignore" and stat
        return Rule(
            told["ComparisonOperator"],
            told["Threshold"],
            told["EvaluationPeriods"],
            told.get("DatapointsToAlarm", told["EvaluationPeriods"]),
            told.get("TreatMissingData", MISSING),
            _fewest(float(stat[1:]) / 100) if ignoring else 0,
        )

    def points(self, store: Store, at: int) -> list[Datapoint]:
        """The range that ends with ``at``, by time, with what is missing."""
        length = (self.settings["EvaluationPeriods"] + FURTHER) * self.period
        grid = Grid(at - length, at, self.period)
        if len(self.queries) == 1:
            series = self.queries[0].read(store, grid)
        else:
            found = metric_queries.compute(self.queries, store, lambda _: grid)
            series = next(found[query.id][0] for query in self.queries if query.shown)
        return [Datapoint(time, series.points.get(time), series.samples.get(time)) for time in grid.times()]

    def judge(self, points: Sequence[Datapoint]) -> Judgement:
        return judge(self.rule, points)

    def described(self) -> dict[str, Any]:
        told = {
            "AlarmName": self.name,
            "AlarmArn": self.arn,
            **self.settings,
            "AlarmConfigurationUpdatedTimestamp": self.updated,
            "StateValue": self.state.value,
            "StateReason": self.state.reason,
            "StateUpdatedTimestamp": self.state.at,
            "StateTransitionedTimestamp": self.transitioned,
        }
        return told | ({"StateReasonData": self.state.data} if self.state.data else {})

    @property
    def reason_settings(self) -> dict[str, Any]:
        told = self.settings
        return {"unit": told.get("Unit"), "statistic": told.get("Statistic", told.get("ExtendedStatistic"))}


def born(at: datetime) -> State:
    return State(INSUFFICIENT, UNCHECKED, "", at)


def _fewest(share: float) -> float:
    """The values that a percentile needs to mean something."""
    rare = min(share, 1 - share)
    return round(10 / rare, 6) if rare else 0


def single_query(settings: Mapping[str, Any], account: str) -> list[Query]:
    """A single-metric alarm's settings as the query that they are."""
    metric = {name: settings[name] for name in ("Namespace", "MetricName", "Dimensions") if name in settings}
    stat = settings.get("Statistic") or settings["ExtendedStatistic"]
    told = {"Metric": metric, "Period": settings["Period"], "Stat": stat}
    if "Unit" in settings:
        told["Unit"] = settings["Unit"]
    return metric_queries.parsed([{"Id": "m1", "MetricStat": told}], "Metrics", account)
