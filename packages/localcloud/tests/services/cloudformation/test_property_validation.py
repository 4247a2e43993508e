"""Properties are converted to the types of their schema, and to the requests of operations."""

from __future__ import annotations

from typing import Any

import pytest

from localcloud.services.cloudformation import schemas
from localcloud.services.cloudformation.property_validation import validate
from localcloud.services.cloudformation.resource_requests import ConversionError, convert


def test_texts_and_scalars_become_the_types_of_the_schema() -> None:
    properties = {
        "EvaluationPeriods": "3",
        "Threshold": "0.5",
        "ActionsEnabled": "TRUE",
        "ComparisonOperator": "x",
        "Period": 60,
    }
    properties |= {"Dimensions": [{"Name": "n", "Value": 5}], "AlarmDescription": True}
    values, problems = validate("AWS::CloudWatch::Alarm", properties)
    assert (values["EvaluationPeriods"], values["Threshold"], values["ActionsEnabled"]) == (3, 0.5, True)
    assert (values["Dimensions"][0]["Value"], values["AlarmDescription"]) == ("5", "true")
    assert [problem for problem in problems if "ComparisonOperator" not in problem] == []


@pytest.mark.parametrize(
    ("type_name", "properties", "problem"),
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
def test_problems(type_name: str, properties: dict[str, Any], problem: str) -> None:
    assert any(problem in each for each in validate(type_name, properties)[1]), validate(type_name, properties)[1]


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
    assert convert(value, shape(service, operation), operation) == request_


def test_properties_without_a_member_are_refused() -> None:
    with pytest.raises(ConversionError, match="cannot pass on CreateProject.Visibility"):
        convert({"Visibility": "PUBLIC"}, shape("codebuild", "CreateProject"), "CreateProject")
    with pytest.raises(ConversionError, match="must be a number, not 'x'"):
        convert({"TimeoutInMinutes": "x"}, shape("codebuild", "CreateProject"), "CreateProject")


def test_schemas() -> None:
    assert {"BucketName"} <= schemas.create_only("AWS::S3::Bucket")
    assert "InstanceTenancy" in schemas.conditional_create_only("AWS::EC2::VPC")
    assert schemas.tag_property("AWS::SNS::Topic") == "Tags"
    assert schemas.tag_property("AWS::KMS::Alias") == ""
