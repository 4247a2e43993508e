"""What PutMetricAlarm refuses."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError


def stat(name: str = "m", period: int = 60) -> dict[str, Any]:
    return {"Metric": {"Namespace": "n", "MetricName": name}, "Period": period, "Stat": "Sum"}


def hidden(id: str, **more: Any) -> dict[str, Any]:
    return {"Id": id, "MetricStat": stat(**more), "ReturnData": False}


@pytest.mark.parametrize(
    ("members", "sentence"),
    [
        ({"AlarmName": "a\n"}, "control characters"),
        ({"EvaluationPeriods": None}, "EvaluationPeriods is required"),
        ({"Threshold": None}, "Threshold is required"),
        ({"ComparisonOperator": None}, "ComparisonOperator is required"),
        ({"Namespace": None}, "Namespace is required"),
        ({"Period": None}, "Period is required"),
        ({"MetricName": None}, "Exactly one of the parameters MetricName and Metrics"),
        ({"Statistic": None}, "Exactly one of the parameters Statistic and ExtendedStatistic"),
        ({"Statistic": "Sum", "ExtendedStatistic": "p90"}, "Exactly one of the parameters Statistic"),
        ({"ExtendedStatistic": "p101"}, "The value p101"),
        ({"Period": 5}, "Period must be 10, 20, 30 or a multiple of 60"),
        ({"Period": 90}, "multiple of 60"),
        ({"Period": 300, "EvaluationPeriods": 289}, "across more than a day"),
        ({"Period": 3600, "EvaluationPeriods": 169}, "across more than seven days"),
        ({"DatapointsToAlarm": 2}, "DatapointsToAlarm must be less than or equal to EvaluationPeriods"),
        ({"TreatMissingData": "bad"}, "Option bad is not supported"),
        ({"EvaluateLowSampleCountPercentile": "ignore"}, "ExtendedStatistic"),
        ({"ExtendedStatistic": "p90", "EvaluateLowSampleCountPercentile": "skip"}, "Option skip is not supported"),
        ({"AlarmActions": ["calls"]}, "Invalid arn syntax: calls"),
        (
            {"OKActions": ["arn:aws:sns:us-east-1:000000000000:calls"]},
            "Invalid region us-east-1 specified. Only eu-west-1 is supported.",
        ),
        ({"Metrics": []}, "Exactly one of the parameters MetricName and Metrics"),
        ({"Metrics": [{"Id": "e1", "Expression": "TIME_SERIES(1)"}]}, "about 1 to 10 metrics; Metrics has 0"),
        ({"Metrics": [hidden("m1")]}, "must have ReturnData true"),
        ({"Metrics": [{**hidden("m1"), "ReturnData": True}], "Statistic": "Sum"}, "Metrics and Statistic are mutually"),
        ({"Metrics": [{"Id": "m1", "MetricStat": stat()}, {"Id": "e1", "Expression": "m1"}]}, "Exactly one element"),
        ({"Metrics": [hidden("m1"), hidden("m2", period=300), {"Id": "e1", "Expression": "m1 + m2"}]}, "the same"),
        ({"Metrics": [hidden("m1"), {"Id": "e1", "Expression": "METRICS()"}]}, "a single time series"),
        ({"Metrics": [hidden("m1"), {"Id": "e1", "Expression": "m1 + m2"}]}, "undefined identifiers: m2"),
        ({"Metrics": [hidden("m1"), {"Id": "e1", "Expression": "AVG(m1)"}]}, "must be a time series"),
        ({"Metrics": [hidden("m1", period=5), {"Id": "e1", "Expression": "m1"}]}, "Period must be 10, 20, 30"),
        ({"Metrics": [*(hidden(f"m{n}") for n in range(11)), {"Id": "e1", "Expression": "m1"}]}, "has 11"),
        ({"Tags": [{"Key": "aws:x", "Value": "1"}]}, "aws: prefixed"),
        ({"Statistic": "Median"}, "Median"),
    ],
)
def test_refused(alarm: Any, cloudwatch: Any, members: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ClientError) as refused:
        alarm(**members)
    assert refused.value.response["Error"]["Code"] in ("ValidationError", "InvalidParameterValue")
    assert sentence in str(refused.value)
    assert cloudwatch.describe_alarms()["MetricAlarms"] == []


@pytest.mark.parametrize(
    "members",
    [
        {"ThresholdMetricId": "m1"},
        {"ComparisonOperator": "LessThanLowerOrGreaterThanUpperThreshold"},
        {"EvaluationWindow": {"WallClockWindow": {"Timezone": "UTC"}}},
        {"WarmUpConfiguration": {"WarmUpPeriodDurationInMinutes": 5}},
    ],
)
def test_what_is_not_reproduced_is_refused(alarm: Any, members: dict[str, Any]) -> None:
    with pytest.raises(ClientError) as refused:
        alarm(**members)
    assert refused.value.response["Error"]["Code"] == "NotImplementedByLocalcloud"
    assert "not implemented by localcloud" in str(refused.value)


@pytest.mark.parametrize(
    "members",
    [
        {"Period": 10},
        {"Period": 30, "EvaluationPeriods": 5, "DatapointsToAlarm": 3},
        {"Period": 300, "EvaluationPeriods": 288},
        {"Period": 86_400, "EvaluationPeriods": 7},
        {"ExtendedStatistic": "p99.9", "EvaluateLowSampleCountPercentile": "ignore"},
        {"EvaluationWindow": {"SlidingWindow": {}}},
        {"AlarmActions": ["arn:aws:automate:eu-west-1:ec2:stop"]},
        {"Metrics": [{"Id": "m1", "MetricStat": stat()}]},
        {"Metrics": [hidden("m1"), hidden("m2"), {"Id": "e1", "Expression": "SUM(METRICS())"}]},
    ],
)
def test_accepted_and_evaluated(alarm: Any, described: Any, cloud: Any, members: dict[str, Any]) -> None:
    alarm(**members)
    cloud.clock.advance(120)
    settings = described()
    for name in members.keys() - {"Metrics"}:
        assert settings[name] == members[name]
    assert settings["AlarmArn"] == "arn:aws:cloudwatch:eu-west-1:000000000000:alarm:a"
