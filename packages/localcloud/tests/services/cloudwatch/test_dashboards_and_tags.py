from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

BODY = json.dumps({"widgets": [{"type": "metric", "properties": {"region": "eu-west-1", "metrics": [["n", "m"]]}}]})


def code(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


def test_dashboards_are_stored_as_they_were_put(cloudwatch: Any, cloud: Any) -> None:
    assert cloudwatch.put_dashboard(DashboardName="churn", DashboardBody=BODY)["DashboardValidationMessages"] == []
    cloudwatch.put_dashboard(DashboardName="other", DashboardBody='{"widgets": []}')
    arn = "arn:aws:cloudwatch::000000000000:dashboard/churn"
    dashboard = cloudwatch.get_dashboard(DashboardName="churn")
    assert (dashboard["DashboardArn"], dashboard["DashboardBody"], dashboard["DashboardName"]) == (arn, BODY, "churn")
    entries = cloudwatch.list_dashboards(DashboardNamePrefix="ch")["DashboardEntries"]
    assert [(each["DashboardName"], each["DashboardArn"], each["Size"]) for each in entries] == [
        ("churn", arn, len(BODY))
    ]
    with pytest.raises(ClientError) as refused:
        cloudwatch.delete_dashboards(DashboardNames=["churn", "absent"])
    assert code(refused) == "ResourceNotFound"
    assert len(cloudwatch.list_dashboards()["DashboardEntries"]) == 2
    cloudwatch.delete_dashboards(DashboardNames=["churn", "other"])
    with pytest.raises(ClientError) as refused:
        cloudwatch.get_dashboard(DashboardName="churn")
    assert code(refused) == "ResourceNotFound"


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("{", "/: The field DashboardBody must be a valid JSON object"),
        ("[]", "must be a valid JSON object"),
        ("[" * 100_000, "must be a valid JSON object"),
        ("{}", "/widgets: Should have a list"),
        ('{"widgets": [7]}', "/widgets/0: Should be object"),
        ('{"widgets": [{"type": "chart", "properties": {}}]}', "/widgets/0/type: Should be one of"),
        ('{"widgets": [{"type": "text"}]}', "/widgets/0/properties: Should be object"),
        (json.dumps({"widgets": [{"type": "text", "properties": {}}] * 501}), "more than 500 widgets"),
    ],
)
def test_invalid_bodies(cloudwatch: Any, body: str, sentence: str) -> None:
    with pytest.raises(ClientError) as refused:
        cloudwatch.put_dashboard(DashboardName="churn", DashboardBody=body)
    assert code(refused) == "InvalidParameterInput"
    assert sentence in str(refused.value)
    assert cloudwatch.list_dashboards()["DashboardEntries"] == []


REGION = {"region": "eu-west-1"}


@pytest.mark.parametrize(
    ("widget", "path"),
    [
        ({"type": "text", "properties": {}}, "properties/markdown"),
        ({"type": "alarm", "properties": {"alarms": []}}, "properties/alarms"),
        ({"type": "alarm", "properties": {"alarms": ["churn-prod-memory"]}}, "properties/alarms"),
        ({"type": "metric", "properties": {"metrics": [["n", "m"]]}}, "properties/region"),
        ({"type": "metric", "properties": REGION}, "properties/metrics"),
        ({"type": "metric", "properties": {**REGION, "metrics": [["n", "m", "d"]]}}, "properties/metrics/0"),
        (
            {"type": "metric", "properties": {**REGION, "metrics": [[{"label": "no expression"}]]}},
            "properties/metrics/0",
        ),
        ({"type": "text", "x": 24, "properties": {"markdown": ""}}, "x"),
        ({"type": "text", "width": 25, "properties": {"markdown": ""}}, "width"),
        ({"type": "text", "height": "6", "properties": {"markdown": ""}}, "height"),
    ],
)
def test_invalid_widgets(cloudwatch: Any, widget: dict[str, Any], path: str) -> None:
    with pytest.raises(ClientError, match=f"/widgets/0/{path}: Should"):
        cloudwatch.put_dashboard(DashboardName="churn", DashboardBody=json.dumps({"widgets": [widget]}))


def test_an_invalid_name(cloudwatch: Any) -> None:
    with pytest.raises(ClientError) as refused:
        cloudwatch.put_dashboard(DashboardName="my board", DashboardBody=BODY)
    assert code(refused) == "InvalidParameterValue"


def test_tags_of_alarms_and_dashboards(cloudwatch: Any, alarm: Any, described: Any) -> None:
    alarm(Tags=[{"Key": "team", "Value": "churn"}])
    assert "Tags" not in described()
    cloudwatch.put_dashboard(DashboardName="d", DashboardBody=BODY, Tags=[{"Key": "team", "Value": "churn"}])
    for arn in (described()["AlarmArn"], cloudwatch.get_dashboard(DashboardName="d")["DashboardArn"]):
        cloudwatch.tag_resource(ResourceARN=arn, Tags=[{"Key": "env", "Value": "dev"}])
        cloudwatch.untag_resource(ResourceARN=arn, TagKeys=["team", "absent"])
        assert cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "env", "Value": "dev"}]
        with pytest.raises(ClientError, match="at most 50 tags"):
            cloudwatch.tag_resource(ResourceARN=arn, Tags=[{"Key": f"k{n}", "Value": ""} for n in range(50)])


def test_a_second_put_does_not_change_tags(cloudwatch: Any, alarm: Any, described: Any) -> None:
    alarm(Tags=[{"Key": "team", "Value": "churn"}])
    alarm(Tags=[{"Key": "team", "Value": "other"}])
    tags = cloudwatch.list_tags_for_resource(ResourceARN=described()["AlarmArn"])["Tags"]
    assert tags == [{"Key": "team", "Value": "churn"}]


def test_tags_of_a_resource_that_does_not_exist(cloudwatch: Any) -> None:
    with pytest.raises(ClientError) as refused:
        cloudwatch.list_tags_for_resource(ResourceARN="arn:aws:cloudwatch:eu-west-1:000000000000:alarm:absent")
    assert code(refused) == "ResourceNotFoundException"
