"""Metrics over HTTP, with boto3."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localcloud.core.cloud import Cloud
from localcloud.services.cloudwatch.service import CloudWatch

HOUR = timedelta(hours=1)


def code(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


def metric(id: str = "m1", name: str = "m", stat: str = "Sum", period: int = 60, **more: Any) -> dict[str, Any]:
    metric_stat = {"Metric": {"Namespace": "n", "MetricName": name}, "Period": period, "Stat": stat}
    return {"Id": id, "MetricStat": metric_stat, **more}


@pytest.fixture
def data(cloudwatch: Any, cloud: Cloud) -> Callable[..., Any]:
    """GetMetricData over the last hour and the current minute."""

    def get(*queries: dict[str, Any], **more: Any) -> dict[str, Any]:
        now = cloud.clock.now()
        span = {"StartTime": now - HOUR, "EndTime": now + timedelta(minutes=1), "ScanBy": "TimestampAscending"}
        response: dict[str, Any] = cloudwatch.get_metric_data(MetricDataQueries=list(queries), **{**span, **more})
        return response

    return get


def values(response: dict[str, Any]) -> list[list[float]]:
    return [result["Values"] for result in response["MetricDataResults"]]


def test_statistics_of_values(cloudwatch: Any, cloud: Cloud) -> None:
    now, dimensions = cloud.clock.now(), [{"Name": "EndpointName", "Value": "churn"}]
    metric_data = [
        {"MetricName": "Latency", "Dimensions": dimensions, "Value": 10.0, "Unit": "Microseconds"},
        {"MetricName": "Latency", "Dimensions": dimensions, "Values": [20.0, 30.0], "Unit": "Microseconds"},
        {
            "MetricName": "Latency",
            "Dimensions": dimensions,
            "Values": [40.0],
            "Counts": [2.0],
            "Unit": "Microseconds",
            "Timestamp": now - timedelta(minutes=5),
        },
    ]
    cloudwatch.put_metric_data(Namespace="n", MetricData=metric_data)
    request = {"Namespace": "n", "MetricName": "Latency", "Period": 60, "StartTime": now - HOUR, "EndTime": now + HOUR}
    everything = ["SampleCount", "Average", "Sum", "Minimum", "Maximum"]
    response = cloudwatch.get_metric_statistics(**request, Dimensions=dimensions, Statistics=everything)
    minute = now.replace(second=0, microsecond=0)
    assert response["Label"] == "Latency"
    assert response["Datapoints"] == [
        {
            "Timestamp": minute - timedelta(minutes=5),
            "Unit": "Microseconds",
            **dict(zip(everything, [2, 40, 80, 40, 40], strict=True)),
        },
        {"Timestamp": minute, "Unit": "Microseconds", **dict(zip(everything, [3, 20, 60, 10, 30], strict=True))},
    ]
    percentiles = cloudwatch.get_metric_statistics(
        **request, Dimensions=dimensions, ExtendedStatistics=["p50", "p99.9"]
    )
    assert percentiles["Datapoints"][1]["ExtendedStatistics"] == {"p50": 20, "p99.9": pytest.approx(29.98)}
    for other in ({"Dimensions": []}, {"Dimensions": dimensions, "Unit": "Seconds"}):
        assert cloudwatch.get_metric_statistics(**request, **other, Statistics=["Sum"])["Datapoints"] == []


def test_statistic_values(cloudwatch: Any, data: Any) -> None:
    statistics = {"SampleCount": 4.0, "Sum": 20.0, "Minimum": 2.0, "Maximum": 9.0}
    cloudwatch.put_metric_data(Namespace="n", MetricData=[{"MetricName": "m", "StatisticValues": statistics}])
    stats = ("SampleCount", "Sum", "Minimum", "Maximum", "Average", "p90")
    response = data(*(metric(f"m{number}", stat=stat) for number, stat in enumerate(stats)))
    assert values(response) == [[4], [20], [2], [9], [5], []]


def test_seconds(put: Any, data: Any, cloud: Cloud) -> None:
    for value in (1.0, 2.0, 3.0):
        put(value, StorageResolution=1)
        cloud.clock.advance(5)
    response = data(metric(period=10), metric("m2", period=1), metric("m3", period=60))
    assert values(response) == [[3, 3], [1, 2, 3], [6]]


def test_several_periods_and_expressions(put: Any, cloudwatch: Any, data: Any, cloud: Cloud) -> None:
    for minute in range(6):
        put(float(minute))
        if minute % 2:
            cloudwatch.put_metric_data(Namespace="n", MetricData=[{"MetricName": "errors", "Value": 1.0}])
        cloud.clock.advance(60)
    response = data(
        metric(ReturnData=False),
        metric("e", "errors", ReturnData=False),
        {"Id": "rate", "Expression": "IF(m1 > 1, 100 * filled / m1, 0)", "Label": "error rate"},
        {"Id": "filled", "Expression": "FILL(e, 0)", "ReturnData": False},
        metric("long", stat="Maximum", period=7200, Label="in two hours"),
    )
    rate, long = response["MetricDataResults"]
    assert (rate["Id"], rate["Label"], rate["StatusCode"]) == ("rate", "error rate", "Complete")
    assert rate["Values"] == [0, 0, 0, pytest.approx(100 / 3), 0, 20]
    assert (long["Label"], long["Values"]) == ("in two hours", [5])


def test_an_expression_with_several_series_gives_several_results(put: Any, cloudwatch: Any, data: Any) -> None:
    put(2.0)
    cloudwatch.put_metric_data(Namespace="n", MetricData=[{"MetricName": "errors", "Value": 1.0}])
    response = data(
        metric(ReturnData=False), metric("e", "errors", ReturnData=False), {"Id": "all", "Expression": "METRICS() * 10"}
    )
    results = [(each["Id"], each["Label"], each["Values"]) for each in response["MetricDataResults"]]
    assert results == [("all", "all m", [20]), ("all", "all errors", [10])]


def test_newest_first_by_default(put: Any, data: Any, cloud: Cloud) -> None:
    put(1.0)
    cloud.clock.advance(60)
    put(2.0)
    assert values(data(metric())) == [[1, 2]]
    assert values(data(metric(), ScanBy="TimestampDescending")) == [[2, 1]]


def test_pages_of_data_points(put: Any, data: Any, cloud: Cloud) -> None:
    for minute in range(5):
        put(float(minute))
        cloud.clock.advance(60)
    request: dict[str, Any] = {"MaxDatapoints": 3, "EndTime": cloud.clock.now(), "StartTime": cloud.clock.now() - HOUR}
    queries = (metric(), metric("m2", stat="SampleCount"), metric("absent", "absent"))
    pages, more = [], {}
    while True:
        page = data(*queries, **request, **more)
        pages.append([(r["Id"], r["Values"], r["StatusCode"]) for r in page["MetricDataResults"]])
        if "NextToken" not in page:
            break
        more = {"NextToken": page["NextToken"]}
    assert pages == [
        [("m1", [0, 1, 2], "PartialData"), ("absent", [], "Complete")],
        [("m1", [3, 4], "Complete"), ("m2", [1], "PartialData")],
        [("m2", [1, 1, 1], "PartialData")],
        [("m2", [1], "Complete")],
    ]
    with pytest.raises(ClientError) as refused:
        data(*queries, **request, NextToken="invalid")
    assert code(refused) == "InvalidNextToken"


def test_the_start_is_rounded_down_to_the_minute(put: Any, cloudwatch: Any, cloud: Cloud) -> None:
    put(1.0)
    start = cloud.clock.now() + timedelta(seconds=40)
    request = {"StartTime": start, "EndTime": start + HOUR, "Period": 300, "Statistics": ["Sum"]}
    datapoints = cloudwatch.get_metric_statistics(Namespace="n", MetricName="m", **request)["Datapoints"]
    assert [(each["Timestamp"], each["Sum"]) for each in datapoints] == [(start.replace(second=0, microsecond=0), 1)]


def test_metrics_of_localcloud_s_services(cloud: Cloud, data: Any) -> None:
    cloud.metric("n", "m", 3, {})
    cloud.metric("n", "m", 4, {})
    cloud.metric("n", "m", 100, {"EndpointName": "churn"})
    assert values(data(metric())) == [[7]]


def test_metrics_are_listed(cloudwatch: Any, cloud: Cloud) -> None:
    def put(name: str, **dimensions: str) -> None:
        named = [{"Name": each, "Value": value} for each, value in dimensions.items()]
        cloudwatch.put_metric_data(
            Namespace=name[0], MetricData=[{"MetricName": name, "Value": 1.0, "Dimensions": named}]
        )

    def names(**request: Any) -> list[str]:
        return [each["MetricName"] for each in cloudwatch.list_metrics(**request)["Metrics"]]

    put("a1", env="dev")
    put("a2", env="prod")
    put("b1")
    assert names() == ["a1", "a2", "b1"]
    assert names(Namespace="a") == ["a1", "a2"]
    assert names(MetricName="b1") == ["b1"]
    assert names(Dimensions=[{"Name": "env"}]) == ["a1", "a2"]
    assert names(Dimensions=[{"Name": "env", "Value": "dev"}]) == ["a1"]
    assert cloudwatch.list_metrics(MetricName="a2")["Metrics"][0] == {
        "Namespace": "a",
        "MetricName": "a2",
        "Dimensions": [{"Name": "env", "Value": "prod"}],
    }
    cloud.clock.advance(4 * 3600)
    put("c1")
    assert names(RecentlyActive="PT3H") == ["c1"]
    cloud.clock.advance(14 * 86_400 + 1)
    assert names() == []


def test_lists_have_pages_of_500(cloudwatch: Any) -> None:
    for start in (0, 600):
        metric_data = [{"MetricName": f"m{number}", "Value": 1.0} for number in range(start, start + 600)]
        cloudwatch.put_metric_data(Namespace="n", MetricData=metric_data)
    pages = [len(page["Metrics"]) for page in cloudwatch.get_paginator("list_metrics").paginate()]
    assert pages == [500, 500, 200]


@pytest.mark.parametrize(
    ("datum", "expected", "sentence"),
    [
        ({}, "MissingParameter", "is required"),
        ({"Value": 1.0, "Values": [1.0]}, "InvalidParameterCombination", "mutually exclusive"),
        (
            {"Value": 1.0, "StatisticValues": {"SampleCount": 1.0, "Sum": 1.0, "Minimum": 1.0, "Maximum": 1.0}},
            "InvalidParameterCombination",
            "MetricData.member.1.Value and MetricData.member.1.StatisticValues are mutually exclusive",
        ),
        ({"Value": 2.0**361}, "InvalidParameterValue", "MetricData.member.1.Value is invalid"),
        ({"Values": [1.0], "Counts": [1.0, 2.0]}, "InvalidParameterValue", "must be of the same size"),
        ({"Values": [1.0], "Counts": [-1.0]}, "InvalidParameterValue", "Counts is invalid"),
        ({"Values": [float(n) for n in range(151)]}, "InvalidParameterValue", "1 to 150"),
        ({"Value": 1.0, "StorageResolution": 30}, "InvalidParameterValue", "StorageResolution"),
        (
            {"StatisticValues": {"SampleCount": 1.0, "Sum": 1.0, "Minimum": 2.0, "Maximum": 1.0}},
            "InvalidParameterValue",
            "Minimum",
        ),
        ({"Value": 1.0, "Dimensions": [{"Name": "a", "Value": "1"}] * 2}, "InvalidParameterValue", "twice"),
    ],
)
def test_invalid_data_is_refused_as_a_whole(
    cloudwatch: Any, datum: dict[str, Any], expected: str, sentence: str
) -> None:
    good = {"MetricName": "good", "Value": 1.0}
    with pytest.raises(ClientError) as refused:
        cloudwatch.put_metric_data(Namespace="n", MetricData=[{"MetricName": "m", **datum}, good])
    assert code(refused) == expected
    assert sentence in str(refused.value)
    assert cloudwatch.list_metrics()["Metrics"] == []


@pytest.mark.parametrize(
    ("hours", "accepted"), [(-14 * 24 + 1, True), (-14 * 24 - 1, False), (1.9, True), (2.1, False)]
)
def test_the_allowed_age_of_data(put: Any, cloud: Cloud, hours: float, accepted: bool) -> None:
    at = cloud.clock.now() + timedelta(hours=hours)
    if accepted:
        put(1.0, Timestamp=at)
        return
    with pytest.raises(ClientError) as refused:
        put(1.0, Timestamp=at)
    assert code(refused) == "InvalidParameterValue"


def test_limits_of_put_metric_data(cloudwatch: Any) -> None:
    with pytest.raises(ClientError) as refused:
        cloudwatch.put_metric_data(Namespace="AWS/SageMaker", MetricData=[{"MetricName": "m", "Value": 1.0}])
    assert "The value AWS/SageMaker for parameter Namespace is invalid." in str(refused.value)
    with pytest.raises(ClientError) as refused:
        cloudwatch.put_metric_data(Namespace="n", MetricData=[{"MetricName": "m", "Value": 1.0}] * 1001)
    assert "must not have a size greater than 1000" in str(refused.value)


@pytest.mark.parametrize(
    ("members", "expected", "sentence"),
    [
        ({}, "InvalidParameterCombination", "At least one of the parameters Statistics and ExtendedStatistics"),
        ({"Statistics": ["Sum"], "ExtendedStatistics": ["p1"]}, "InvalidParameterCombination", "exclusive"),
        ({"ExtendedStatistics": ["tm99"]}, "InvalidParameterValue", "tm99"),
        ({"Statistics": ["Sum"], "Period": 45}, "InvalidParameterValue", "multiple of 60"),
        ({"Statistics": ["Sum"], "EndTime": datetime(2020, 1, 1, tzinfo=UTC)}, "InvalidParameterValue", "less than"),
        (
            {"Statistics": ["Sum"], "StartTime": datetime(2026, 1, 1, tzinfo=UTC)},
            "InvalidParameterCombination",
            "exceeds the limit of 1,440. You may reduce the datapoints requested by increasing Period",
        ),
    ],
)
def test_invalid_requests_for_statistics(
    cloudwatch: Any, cloud: Cloud, members: dict[str, Any], expected: str, sentence: str
) -> None:
    now = cloud.clock.now()
    plain = {"Namespace": "n", "MetricName": "m", "StartTime": now - HOUR, "EndTime": now, "Period": 60}
    with pytest.raises(ClientError) as refused:
        cloudwatch.get_metric_statistics(**{**plain, **members})
    assert code(refused) == expected
    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    ("queries", "sentence"),
    [
        ([], "MetricDataQueries is required"),
        ([metric("M1")], "must start with a lowercase letter"),
        ([metric(), metric()], "not unique: m1"),
        ([metric(ReturnData=False)], "must have ReturnData true"),
        ([{"Id": "e1"}], "Exactly one of MetricDataQueries.member.1.MetricStat"),
        ([{**metric(), "Expression": "m1"}], "Exactly one of"),
        ([metric(period=7)], "multiple of 60"),
        ([metric(stat="Median")], "The value Median"),
        ([metric(), {"Id": "e1", "Expression": "m1 + m7"}], "undefined identifiers: m7"),
        ([metric(), {"Id": "e1", "Expression": "m1 +"}], "Error in expression 'e1'"),
        ([metric(), {"Id": "e1", "Expression": "SUM(m1)"}], "must be a time series"),
        ([{"Id": "e1", "Expression": "e2"}, {"Id": "e2", "Expression": "e1"}], "go round in a circle"),
        ([metric(AccountId="999999999999")], "has the account 000000000000"),
        ([{"Id": "m1", "MetricStat": {"Metric": {}, "Period": 60, "Stat": "Sum"}}], "Metric.Namespace is required"),
        ([metric(f"m{number}") for number in range(501)], "must not have a size greater than 500"),
    ],
)
def test_invalid_requests_for_data(data: Any, queries: list[dict[str, Any]], sentence: str) -> None:
    with pytest.raises(ClientError) as refused:
        data(*queries)
    assert code(refused) == "ValidationError"
    assert sentence in str(refused.value)


def test_a_long_chain_of_expressions(put: Any, data: Any) -> None:
    put(1.0)
    chain = [{"Id": f"e{n}", "Expression": f"e{n + 1} + 1", "ReturnData": n == 0} for n in range(498)]
    response = data(*chain, {"Id": "e498", "Expression": "m1", "ReturnData": False}, metric(ReturnData=False))
    assert values(response) == [[499]]


def test_a_reset_deletes_everything(put: Any, cloudwatch: Any, alarm: Any, cloud: Cloud, service: CloudWatch) -> None:
    put(1.0)
    alarm()
    cloudwatch.put_dashboard(DashboardName="d", DashboardBody='{"widgets": []}')
    cloud.reset()
    assert cloudwatch.list_metrics()["Metrics"] == []
    assert cloudwatch.describe_alarms()["MetricAlarms"] == []
    assert cloudwatch.describe_alarm_history()["AlarmHistoryItems"] == []
    assert cloudwatch.list_dashboards()["DashboardEntries"] == []
    cloud.clock.advance(600)
    put(1.0)
    assert len(cloudwatch.list_metrics()["Metrics"]) == 1
