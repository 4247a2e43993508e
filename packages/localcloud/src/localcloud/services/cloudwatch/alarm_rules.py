"""What AWS refuses of PutMetricAlarm beyond its model, and what localcloud does not reproduce and says so."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from localcloud.core.refusal import Refusal
from localcloud.services.cloudwatch import metric_queries
from localcloud.services.cloudwatch.alarm import ACTIONS, single_query
from localcloud.services.cloudwatch.alarm_evaluation import BREACHING, COMPARISONS, IGNORE, MISSING, NOT_BREACHING
from localcloud.services.cloudwatch.metric_queries import Query
from localcloud.services.cloudwatch.metric_store import DAY, HOUR

INVALID = "ValidationError"
SINGLE = ("MetricName", "Namespace", "Dimensions", "Period", "Unit", "Statistic", "ExtendedStatistic")
NOT_HERE = {
    "ThresholdMetricId": "anomaly detection",
    "EvaluationCriteria": "PromQL",
    "EvaluationInterval": "PromQL",
    "WarmUpConfiguration": "warming up",
    "ActionConfiguration": "passing tags on to actions",
}
MOST_METRICS = 10
ARN = re.compile(r"arn:aws[\w-]*:(?P<service>[\w-]+):(?P<region>[\w-]*):[^:]*:.+", re.DOTALL)
CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def checked(asked: Mapping[str, Any], account: str, region: str) -> list[Query]:
    """The alarm's queries, when AWS would take it."""
    if CONTROL.search(asked["AlarmName"]):
        raise Refusal(INVALID, "AlarmName must not contain control characters.")
    _refuse(_not_reproduced(asked), "NotImplementedByLocalcloud")
    _refuse(_missing(asked), INVALID)
    _refuse(_wrong(asked), INVALID)
    _refuse(_wrong_actions(asked, region), INVALID)
    found = _maths(asked, account) if "Metrics" in asked else single_query(asked, account)
    _refuse(_wrong_period(next(query.period for query in found if query.metric), asked["EvaluationPeriods"]), INVALID)
    return found


def _refuse(problems: Iterator[str], code: str) -> None:
    for sentence in problems:
        raise Refusal(code, sentence)


def _not_reproduced(asked: Mapping[str, Any]) -> Iterator[str]:
    for name in NOT_HERE.keys() & asked.keys():
        yield f"{name}: alarms with {NOT_HERE[name]} are not implemented by localcloud."
    if "WallClockWindow" in asked.get("EvaluationWindow", {}):
        yield "EvaluationWindow: localcloud's windows slide; WallClockWindow is not implemented by localcloud."
    if asked.get("ComparisonOperator", "LessThanThreshold") not in COMPARISONS:
        yield f"{asked['ComparisonOperator']}: alarms with anomaly detection are not implemented by localcloud."


def _missing(asked: Mapping[str, Any]) -> Iterator[str]:
    for name in ("EvaluationPeriods", "ComparisonOperator", "Threshold"):
        if name not in asked:
            yield f"The parameter {name} is required."
    if ("MetricName" in asked) == ("Metrics" in asked):
        yield "Exactly one of the parameters MetricName and Metrics must be specified."
    if "Metrics" in asked:
        for name in SINGLE:
            if name in asked:
                yield f"The parameters Metrics and {name} are mutually exclusive."
        return
    for name in ("Namespace", "Period"):
        if name not in asked:
            yield f"The parameter {name} is required."
    if ("Statistic" in asked) == ("ExtendedStatistic" in asked):
        yield "Exactly one of the parameters Statistic and ExtendedStatistic must be specified."


def _wrong(asked: Mapping[str, Any]) -> Iterator[str]:
    if asked.get("DatapointsToAlarm", 1) > asked["EvaluationPeriods"]:
        yield "DatapointsToAlarm must be less than or equal to EvaluationPeriods."
    if asked["Threshold"] != asked["Threshold"] or abs(asked["Threshold"]) == float("inf"):
        yield "The parameter Threshold must be a number."
    ways = (BREACHING, NOT_BREACHING, IGNORE, MISSING)
    if asked.get("TreatMissingData", MISSING) not in ways:
        yield _option(asked["TreatMissingData"], "TreatMissingData", ways)
    if (low := asked.get("EvaluateLowSampleCountPercentile", "evaluate")) not in ("evaluate", "ignore"):
        yield _option(low, "EvaluateLowSampleCountPercentile", ("evaluate", "ignore"))
    if "EvaluateLowSampleCountPercentile" in asked and "ExtendedStatistic" not in asked:
        yield "EvaluateLowSampleCountPercentile is for alarms with an ExtendedStatistic."


def _option(value: str, name: str, ways: Sequence[str]) -> str:
    return f"Option {value} is not supported. Supported options for parameter {name} are {', '.join(ways)}."


def _wrong_actions(asked: Mapping[str, Any], region: str) -> Iterator[str]:
    for name in ACTIONS.values():
        for arn in asked.get(name, ()):
            found = ARN.fullmatch(arn)
            if not found:
                yield f"Invalid arn syntax: {arn}"
            elif found["service"] == "sns" and found["region"] != region:
                yield f"Invalid region {found['region']} specified. Only {region} is supported."


def _wrong_period(period: int, periods: int) -> Iterator[str]:
    if period not in (10, 30) and period % 60:
        yield "Period must be 10, 30 or a multiple of 60."
    longest, span = (7 * DAY, "seven days") if period >= HOUR else (DAY, "a day")
    if period * periods > longest:
        sentence = f"Metrics cannot be checked across more than {span}"
        yield f"{sentence} (EvaluationPeriods * Period must be <= {longest})."


def _maths(asked: Mapping[str, Any], account: str) -> list[Query]:
    """All metrics of one period, and exactly one result."""
    found = metric_queries.parsed(asked["Metrics"], "Metrics", account)
    metrics = [query for query in found if query.metric]
    if not metrics or len(metrics) > MOST_METRICS:
        raise Refusal(INVALID, f"An alarm is about 1 to {MOST_METRICS} metrics; Metrics has {len(metrics)}.")
    if len({query.period for query in metrics}) > 1:
        raise Refusal(INVALID, "Period must be the same for all metrics of an alarm.")
    if sum(query.shown for query in found) != 1:
        raise Refusal(INVALID, "Exactly one element of the metrics list should return data.")
    if metric_queries.several(found) & {query.id for query in found if query.shown}:
        raise Refusal(INVALID, "The expression of an alarm must return a single time series.")
    return found
