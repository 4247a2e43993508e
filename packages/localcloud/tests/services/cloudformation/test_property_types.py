"""Properties in the types of their schema, and requests in the shape of their operation."""

from __future__ import annotations

from typing import Any

import pytest

from localcloud.services.cloudformation import schemas
from localcloud.services.cloudformation.property_types import fitted
from localcloud.services.cloudformation.resource_requests import Unfit, matched


def test_texts_and_scalars_become_what_the_schema_wants() -> None:
    told = {
        "EvaluationPeriods": "3",
        "Threshold": "0.5",
        "ActionsEnabled": "TRUE",
        "ComparisonOperator": "x",
        "Period": 60,
    }
    told |= {"Dimensions": [{"Name": "n", "Value": 5}], "AlarmDescription": True}
    values, problems = fitted("AWS::CloudWatch::Alarm", told)
    assert (values["EvaluationPeriods"], values["Threshold"], values["ActionsEnabled"]) == (3, 0.5, True)
    assert (values["Dimensions"][0]["Value"], values["AlarmDescription"]) == ("5", "true")
    assert [problem for problem in problems if "ComparisonOperator" not in problem] == []


@pytest.mark.parametrize(
    ("kind", "properties", "problem"),
    [
        ("AWS::SNS::Topic", {"Colour": 1}, "#: extraneous key [Colour] is not permitted"),
        ("AWS::SNS::Topic", {"TopicArn": "x"}, "#: read-only key [TopicArn] is not permitted"),
        ("AWS::KMS::Alias", {"AliasName": "alias/x"}, "#: required key [TargetKeyId] not found"),
        ("AWS::KMS::Key", {"PendingWindowInDays": 3}, "#/PendingWindowInDays: expected minimum value: 7, actual: 3"),
        ("AWS::SQS::Queue", {"DelaySeconds": "soon"}, "#/DelaySeconds: expected type: integer, found: String"),
        ("AWS::S3::Bucket", {"Tags": [{"Key": "a"}]}, "#/Tags/0: required key [Value] not found"),
        ("AWS::S3::Bucket", {"VersioningConfiguration": {"Status": "On"}}, "'On' is not a valid enum value"),
    ],
)
def test_problems(kind: str, properties: dict[str, Any], problem: str) -> None:
    assert any(problem in found for found in fitted(kind, properties)[1]), fitted(kind, properties)[1]


def shape(service: str, operation: str) -> Any:
    import botocore.session

    return botocore.session.get_session().get_service_model(service).operation_model(operation).input_shape


@pytest.mark.parametrize(
    ("service", "operation", "value", "request_"),
    [
        ("logs", "CreateLogGroup", {"Tags": [{"Key": "a", "Value": 1}]}, {"tags": {"a": "1"}}),
        ("ssm", "PutParameter", {"Tags": {"a": "b"}}, {"Tags": [{"Key": "a", "Value": "b"}]}),
        ("kms", "CreateKey", {"Tags": [{"Key": "a", "Value": "b"}]}, {"Tags": [{"TagKey": "a", "TagValue": "b"}]}),
        ("kms", "CreateKey", {"Policy": {"Id": "x"}}, {"Policy": '{"Id": "x"}'}),
        ("codebuild", "CreateProject", {"TimeoutInMinutes": "5"}, {"timeoutInMinutes": 5}),
        ("codebuild", "CreateProject", {"Source": {"BuildSpec": "b"}}, {"source": {"buildspec": "b"}}),
    ],
)
def test_requests(service: str, operation: str, value: Any, request_: Any) -> None:
    assert matched(value, shape(service, operation), operation) == request_


def test_what_an_operation_has_no_place_for_is_told() -> None:
    with pytest.raises(Unfit, match="cannot pass on CreateProject.Visibility"):
        matched({"Visibility": "PUBLIC"}, shape("codebuild", "CreateProject"), "CreateProject")
    with pytest.raises(Unfit, match="must be a number, not 'x'"):
        matched({"TimeoutInMinutes": "x"}, shape("codebuild", "CreateProject"), "CreateProject")


def test_schemas() -> None:
    assert {"BucketName"} <= schemas.create_only("AWS::S3::Bucket")
    assert "InstanceTenancy" in schemas.perhaps_create_only("AWS::EC2::VPC")
    assert schemas.tag_property("AWS::SNS::Topic") == "Tags"
    assert schemas.tag_property("AWS::KMS::Alias") == ""
