"""What AWS refuses in PutMetricAlarm beyond its model, and what localcloud refuses because it has no such alarms."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from localcloud.core.arn import Arn
from localcloud.core.refusal import NOT_IMPLEMENTED, Refusal
from localcloud.services.cloudwatch import metric_queries
from localcloud.services.cloudwatch.alarm import ACTIONS, single_query
from localcloud.services.cloudwatch.alarm_evaluation import BREACHING, COMPARISONS, IGNORE, MISSING, NOT_BREACHING
from localcloud.services.cloudwatch.metric_queries import Query
from localcloud.services.cloudwatch.metric_store import DAY, HOUR

INVALID = "ValidationError"
SINGLE = ("MetricName", "Namespace", "Dimensions", "Period", "Unit", "Statistic", "ExtendedStatistic")
NOT_REPRODUCED = {
    "ThresholdMetricId": "anomaly detection",
    "EvaluationCriteria": "PromQL",
    "EvaluationInterval": "PromQL",
    "WarmUpConfiguration": "warming up",
    "ActionConfiguration": "passing tags on to actions",
}
MAX_METRICS = 10
CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def checked(settings: Mapping[str, Any], account: str, region: str) -> list[Query]:
    """The alarm's queries; refuses what AWS refuses."""
    if CONTROL.search(settings["AlarmName"]):
        raise Refusal(INVALID, "AlarmName must not contain control characters.")
    _refuse(_not_reproduced_problems(settings), NOT_IMPLEMENTED)
    _refuse(_missing_problems(settings), INVALID)
    _refuse(_value_problems(settings), INVALID)
    _refuse(_action_problems(settings, region), INVALID)
    queries = _math_queries(settings, account) if "Metrics" in settings else single_query(settings, account)
    _refuse(
        _period_problems(next(query.period for query in queries if query.metric), settings["EvaluationPeriods"]),
        INVALID,
    )
    return queries


def _refuse(problems: Iterator[str], code: str) -> None:
    for sentence in problems:
        raise Refusal(code, sentence)


def _not_reproduced_problems(settings: Mapping[str, Any]) -> Iterator[str]:
    for name in NOT_REPRODUCED.keys() & settings.keys():
        yield f"{name}: alarms with {NOT_REPRODUCED[name]} are not implemented by localcloud."
    if "WallClockWindow" in settings.get("EvaluationWindow", {}):
        yield "EvaluationWindow: localcloud's windows slide; WallClockWindow is not implemented by localcloud."
    if settings.get("ComparisonOperator", "LessThanThreshold") not in COMPARISONS:
        yield f"{settings['ComparisonOperator']}: alarms with anomaly detection are not implemented by localcloud."


def _missing_problems(settings: Mapping[str, Any]) -> Iterator[str]:
    for name in ("EvaluationPeriods", "ComparisonOperator", "Threshold"):
        if name not in settings:
            yield f"The parameter {name} is required."
    if ("MetricName" in settings) == ("Metrics" in settings):
        yield "Exactly one of the parameters MetricName and Metrics must be specified."
    if "Metrics" in settings:
        for name in SINGLE:
            if name in settings:
                yield f"The parameters Metrics and {name} are mutually exclusive."
        return
    for name in ("Namespace", "Period"):
        if name not in settings:
            yield f"The parameter {name} is required."
    if ("Statistic" in settings) == ("ExtendedStatistic" in settings):
        yield "Exactly one of the parameters Statistic and ExtendedStatistic must be specified."


def _value_problems(settings: Mapping[str, Any]) -> Iterator[str]:
    if settings.get("DatapointsToAlarm", 1) > settings["EvaluationPeriods"]:
        yield "DatapointsToAlarm must be less than or equal to EvaluationPeriods."
    if settings["Threshold"] != settings["Threshold"] or abs(settings["Threshold"]) == float("inf"):
        yield "The parameter Threshold must be a number."
    options = (BREACHING, NOT_BREACHING, IGNORE, MISSING)
    if settings.get("TreatMissingData", MISSING) not in options:
        yield _option(settings["TreatMissingData"], "TreatMissingData", options)
    if (low := settings.get("EvaluateLowSampleCountPercentile", "evaluate")) not in ("evaluate", "ignore"):
        yield _option(low, "EvaluateLowSampleCountPercentile", ("evaluate", "ignore"))
    if "EvaluateLowSampleCountPercentile" in settings and "ExtendedStatistic" not in settings:
        yield "EvaluateLowSampleCountPercentile is for alarms with an ExtendedStatistic."


def _option(value: str, name: str, options: Sequence[str]) -> str:
    return f"Option {value} is not supported. Supported options for parameter {name} are {', '.join(options)}."


def _action_problems(settings: Mapping[str, Any], region: str) -> Iterator[str]:
    for name in ACTIONS.values():
        for arn in settings.get(name, ()):
            try:
                parsed = Arn.parse(arn)
            except ValueError:
                yield f"Invalid arn syntax: {arn}"
                continue
            if parsed.service == "sns" and parsed.region != region:
                yield f"Invalid region {parsed.region} specified. Only {region} is supported."


def _period_problems(period: int, periods: int) -> Iterator[str]:
    if period not in (10, 20, 30) and period % 60:
        yield "Period must be 10, 20, 30 or a multiple of 60."
    longest, span = (7 * DAY, "seven days") if period >= HOUR else (DAY, "a day")
    if period * periods > longest:
        sentence = f"Metrics cannot be checked across more than {span}"
        yield f"{sentence} (EvaluationPeriods * Period must be <= {longest})."


def _math_queries(settings: Mapping[str, Any], account: str) -> list[Query]:
    """All metrics have the same period, and one query returns data."""
    queries = metric_queries.parse(settings["Metrics"], "Metrics", account)
    metrics = [query for query in queries if query.metric]
    if not metrics or len(metrics) > MAX_METRICS:
        raise Refusal(INVALID, f"An alarm is about 1 to {MAX_METRICS} metrics; Metrics has {len(metrics)}.")
    if len({query.period for query in metrics}) > 1:
        raise Refusal(INVALID, "Period must be the same for all metrics of an alarm.")
    if sum(query.returns_data for query in queries) != 1:
        raise Refusal(INVALID, "Exactly one element of the metrics list should return data.")
    if metric_queries.multi_series(queries) & {query.id for query in queries if query.returns_data}:
        raise Refusal(INVALID, "The expression of an alarm must return a single time series.")
    return queries
