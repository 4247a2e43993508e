"""The query protocol of older clients of CloudWatch: forms out, XML back. botocore is configured to use it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ClientError
from botocore.loaders import Loader

from localcloud.core.cloud import Cloud


class OldLoader(Loader):  # type: ignore[misc]
    """CloudWatch's model as it was when query was its only protocol."""

    def load_service_model(self, service_name: str, type_name: str, api_version: str | None = None) -> Any:
        model = super().load_service_model(service_name, type_name, api_version)
        if service_name == "cloudwatch" and type_name == "service-2":
            metadata = {**model["metadata"], "protocol": "query", "protocols": ["query"]}
            model = {**model, "metadata": {name: metadata[name] for name in metadata if name != "awsQueryCompatible"}}
        return model


@pytest.fixture
def old(cloudwatch: Any, cloud: Cloud) -> Any:
    session = botocore.session.Session()
    loader = OldLoader()
    loader.search_paths.extend(session.get_component("data_loader").search_paths)
    session.register_component("data_loader", loader)
    keys = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
    client = session.create_client("cloudwatch", cloud.region, endpoint_url=cloud.url, **keys)
    assert client.meta.service_model.protocol == "query"
    return client


def test_metrics_and_expressions(old: Any, cloud: Cloud) -> None:
    now = cloud.clock.now()
    dimensions = [{"Name": "env", "Value": "dev"}]
    metric_data = [
        {"MetricName": "m", "Dimensions": dimensions, "Values": [1.0, 2.0], "Counts": [1.0, 3.0], "Timestamp": now},
        {"MetricName": "m", "Dimensions": dimensions, "Value": 5.0, "Unit": "None"},
    ]
    old.put_metric_data(Namespace="n", MetricData=metric_data)
    assert old.list_metrics()["Metrics"] == [{"Namespace": "n", "MetricName": "m", "Dimensions": dimensions}]
    span = {"StartTime": now - timedelta(hours=1), "EndTime": now + timedelta(minutes=1)}
    request = {"Namespace": "n", "MetricName": "m", "Dimensions": dimensions, "Period": 60, **span}
    datapoints = old.get_metric_statistics(**request, Statistics=["Sum", "SampleCount"])["Datapoints"]
    minute = now.replace(second=0, microsecond=0)
    assert datapoints == [{"Timestamp": minute, "Unit": "None", "Sum": 12.0, "SampleCount": 5.0}]
    assert old.get_metric_statistics(**request, ExtendedStatistics=["p50"])["Datapoints"][0]["ExtendedStatistics"] == {
        "p50": 2.0
    }
    metric = {"Namespace": "n", "MetricName": "m", "Dimensions": dimensions}
    queries = [
        {"Id": "m1", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}, "ReturnData": False},
        {"Id": "e1", "Expression": "m1 * 2", "Label": "twice"},
    ]
    (result,) = old.get_metric_data(MetricDataQueries=queries, **span)["MetricDataResults"]
    assert (result["Id"], result["Label"], result["Values"], result["Timestamps"]) == ("e1", "twice", [24.0], [minute])


def test_alarms_and_errors(old: Any, cloud: Cloud) -> None:
    rule = {"EvaluationPeriods": 1, "Threshold": 5.0, "ComparisonOperator": "GreaterThanThreshold"}
    single = {"Namespace": "n", "MetricName": "m", "Statistic": "Sum", "Period": 60, "TreatMissingData": "breaching"}
    old.put_metric_alarm(AlarmName="a", **single, **rule)
    cloud.clock.advance(60)
    (described,) = old.describe_alarms(AlarmNames=["a"])["MetricAlarms"]
    assert (described["StateValue"], described["Threshold"], described["ActionsEnabled"]) == ("ALARM", 5.0, True)
    assert len(old.describe_alarm_history(AlarmName="a")["AlarmHistoryItems"]) == 2
    with pytest.raises(ClientError) as refused:
        old.put_metric_alarm(AlarmName="b", **{**single, "Period": 7}, **rule)
    assert refused.value.response["Error"]["Code"] == "ValidationError"
    with pytest.raises(ClientError) as refused:
        old.delete_alarms(AlarmNames=["absent"])
    assert refused.value.response["Error"]["Code"] == "ResourceNotFound"
    old.put_dashboard(DashboardName="d", DashboardBody='{"widgets": []}')
    assert old.get_dashboard(DashboardName="d")["DashboardBody"] == '{"widgets": []}'


@pytest.mark.parametrize(("value", "spelled"), [(float("nan"), "NaN"), (float("-inf"), "-Infinity")])
def test_values_that_are_not_numbers(old: Any, value: float, spelled: str) -> None:
    with pytest.raises(ClientError) as refused:
        old.put_metric_data(Namespace="n", MetricData=[{"MetricName": "m", "Value": value}])
    assert refused.value.response["Error"]["Code"] == "InvalidParameterValue"
    assert f"The value {spelled} for parameter MetricData.member.1.Value is invalid." in str(refused.value)
    rule = {"EvaluationPeriods": 1, "Threshold": value, "ComparisonOperator": "GreaterThanThreshold"}
    with pytest.raises(ClientError, match="Threshold must be a number"):
        old.put_metric_alarm(AlarmName="a", Namespace="n", MetricName="m", Statistic="Sum", Period=60, **rule)
