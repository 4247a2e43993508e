"""Templates that are refused before any resource is created, and the operations on templates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

TOPIC = {"Type": "AWS::SNS::Topic"}
QUEUE = {"Type": "AWS::SQS::Queue"}


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ({"Resources": {}}, "At least one Resources member"),
        ({"Resources": {"A": TOPIC}, "Extra": 1}, r"Invalid template property or properties \[Extra\]"),
        ({"Resources": {"A": {"Type": "AWS::Made::Up"}}}, r"Unrecognized resource types: \[AWS::Made::Up\]"),
        ({"Resources": {"A": {**TOPIC, "Colour": 1}}}, "Invalid template resource property 'Colour'"),
        ({"Resources": {"A-b": TOPIC}}, "non alphanumeric"),
        ({"Resources": {"A": {"Properties": {}}}}, "Type member"),
        ({"Resources": {"A": {**TOPIC, "DependsOn": "B"}}}, r"Unresolved resource dependencies \[B\]"),
        ({"Resources": {"A": {**TOPIC, "Properties": {"TopicName": {"Ref": "B"}}}}}, r"dependencies \[B\] in the Res"),
        ({"Resources": {"A": TOPIC}, "Outputs": {"O": {"Value": {"Ref": "B"}}}}, r"\[B\] in the Outputs"),
        ({"Resources": {"A": {**TOPIC, "Condition": "C"}}}, "Unresolved condition dependency C"),
        ({"Resources": {"A": {**TOPIC, "DeletionPolicy": "Snapshot"}}}, "Unrecognized DeletionPolicy Snapshot"),
        ({"Resources": {"A": TOPIC}, "Outputs": {"O": {}}}, "must contain a Value"),
        ({"Resources": {"A": TOPIC}, "Outputs": {"O": {"Value": 1, "Export": {}}}}, "must be a map with a Name"),
        ({"Resources": {"A": TOPIC}, "Transform": 3}, "Transform must be a string or a list"),
        ({"Resources": {"A": {**TOPIC, "DependsOn": None}}}, "DependsOn. must be a string or a list of strings"),
        ({"Resources": {"A": {**TOPIC, "Condition": ["C"]}}}, "must be the name of a condition"),
        ({"Resources": {"A": {**TOPIC, "Properties": {"Ref": "AWS::NoValue"}}}}, "Properties. must be a map"),
        ({"Resources": {"A": TOPIC}, "Parameters": {"P": {"Type": ["String"]}}}, "Type. must be a string"),
        ({"Resources": {"A": TOPIC}, "Parameters": {"P": {"Type": "String", "AllowedValues": 1}}}, "must be a list"),
        ({"Resources": {"A": TOPIC}, "Parameters": {"P": {"Type": "String", "MinLength": "x"}}}, "must be a number"),
        (
            {"Resources": {"A": TOPIC}, "Outputs": {"O": {"Value": {"Fn::GetAtt": ["A", "Colour"]}}}},
            "does not support attribute type Colour",
        ),
        ({"Resources": {"A": TOPIC}, "AWSTemplateFormatVersion": "2020-01-01"}, "unsupported value"),
        ({"Resources": {"A": TOPIC}, "Conditions": {"C": {"Fn::Equals": [{"Ref": "A"}, 1]}}}, "Cannot reference res"),
        (
            {
                "Resources": {
                    "A": {**TOPIC, "Properties": {"DisplayName": {"Ref": "B"}}},
                    "B": {**TOPIC, "DependsOn": "A"},
                    "C": TOPIC,
                }
            },
            r"Circular dependency between resources: \[A, B\]",
        ),
    ],
)
def test_refused(create: Callable[..., Any], cfn: Any, template: Any, message: str) -> None:
    with pytest.raises(ClientError, match=message) as refused:
        create(template)
    assert refused.value.response["Error"]["Code"] == "ValidationError"
    assert cfn.describe_stacks()["Stacks"] == []


@pytest.mark.parametrize(
    ("resource", "what"),
    [
        ({"Type": "AWS::Lambda::Function"}, "AWS::Lambda::Function"),
        ({**TOPIC, "Properties": {"ArchivePolicy": {}}}, "AWS::SNS::Topic with ArchivePolicy"),
        ({**TOPIC, "UpdatePolicy": {}}, "UpdatePolicy"),
        ({**TOPIC, "Properties": {"TopicName": "{{resolve:ssm:name}}"}}, "dynamic reference"),
    ],
)
def test_unsupported_features_are_refused(create: Callable[..., Any], cloud: Any, resource: Any, what: str) -> None:
    with pytest.raises(ClientError, match=what) as refused:
        create({"Resources": {"A": resource}})
    assert refused.value.response["Error"]["Code"] == "NotImplementedByLocalcloud"
    assert cloud.counters["not implemented: cloudformation.CreateStack"] == 1


def test_a_resource_whose_condition_does_not_hold_is_not_created(create: Callable[..., Any], cfn: Any) -> None:
    template = {
        "Parameters": {"Stage": {"Type": "String"}},
        "Conditions": {"Prod": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}},
        "Resources": {"A": {**TOPIC, "Condition": "Prod"}, "B": {**QUEUE, "DependsOn": "A"}},
        "Outputs": {"O": {"Condition": "Prod", "Value": {"Ref": "A"}}, "P": {"Value": "p"}},
    }
    assert [each["OutputKey"] for each in create(template, Stage="dev")["Outputs"]] == ["P"]
    names = [each["LogicalResourceId"] for each in cfn.list_stack_resources(StackName="s")["StackResourceSummaries"]]
    assert names == ["B"]
    template["Resources"]["B"]["Properties"] = {"QueueName": {"Fn::GetAtt": ["A", "TopicName"]}}
    with pytest.raises(ClientError, match=r"Unresolved resource dependencies \[A\]"):
        create(template, "t", Stage="dev")


def test_validate_and_summary(cfn: Any) -> None:
    text = """
Description: d
Transform: AWS::LanguageExtensions
Parameters:
  Secret: {Type: String, NoEcho: true, Description: hidden}
  Size: {Type: Number, Default: 3, AllowedValues: [3, 4]}
Resources:
  Role: {Type: AWS::IAM::Role, Properties: {RoleName: r, AssumeRolePolicyDocument: {}}}
"""
    response = cfn.validate_template(TemplateBody=text)
    assert response["Description"] == "d"
    assert response["Capabilities"] == ["CAPABILITY_NAMED_IAM"]
    assert response["CapabilitiesReason"] == "The following resource(s) require capabilities: [AWS::IAM::Role]"
    assert response["DeclaredTransforms"] == ["AWS::LanguageExtensions"]
    assert response["Parameters"][0] == {"ParameterKey": "Secret", "NoEcho": True, "Description": "hidden"}
    summary = cfn.get_template_summary(TemplateBody=text)
    assert summary["Parameters"][1]["ParameterConstraints"] == {"AllowedValues": ["3", "4"]}
    assert summary["ResourceTypes"] == ["AWS::IAM::Role"]


@pytest.mark.parametrize(
    ("properties", "acknowledged", "required"),
    [
        ({}, [], "CAPABILITY_IAM"),
        ({"RoleName": "r"}, ["CAPABILITY_IAM"], "CAPABILITY_NAMED_IAM"),
    ],
)
def test_capabilities(
    cfn: Any, create: Callable[..., Any], properties: Any, acknowledged: list[str], required: str
) -> None:
    role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {"Statement": []}, **properties}}
    with pytest.raises(ClientError, match=rf"Requires capabilities : \[{required}\]") as refused:
        create({"Resources": {"R": role}}, options={"Capabilities": acknowledged})
    assert refused.value.response["Error"]["Code"] == "InsufficientCapabilitiesException"


def test_the_language_extensions_need_a_capability(create: Callable[..., Any]) -> None:
    template = {
        "Transform": "AWS::LanguageExtensions",
        "Resources": {"A": TOPIC},
        "Outputs": {"O": {"Value": {"Fn::ToJsonString": {"n": {"Fn::Length": ["a", "b"]}}}}},
    }
    with pytest.raises(ClientError, match="CAPABILITY_AUTO_EXPAND"):
        create(template)
    stack = create(template, options={"Capabilities": ["CAPABILITY_AUTO_EXPAND"]})
    assert stack["Outputs"][0]["OutputValue"] == '{"n":2}'


def test_a_template_from_s3(cfn: Any, cloud: Any) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="templates", CreateBucketConfiguration={"LocationConstraint": cloud.region})
    s3.put_object(Bucket="templates", Key="f/t.json", Body=b'{"Resources": {"A": {"Type": "AWS::SNS::Topic"}}}')
    for number, url in enumerate(
        (
            f"{cloud.url}/templates/f/t.json",
            "https://s3.eu-west-1.amazonaws.com/templates/f/t.json",
            "https://templates.s3.eu-west-1.amazonaws.com/f/t.json",
            "https://templates.s3.amazonaws.com/f/t.json",
        )
    ):
        cfn.create_stack(StackName=f"s{number}", TemplateURL=url)
    with pytest.raises(ClientError, match="S3 error: The specified key does not exist"):
        cfn.create_stack(StackName="t", TemplateURL=f"{cloud.url}/templates/none")
    with pytest.raises(ClientError, match="not a valid S3 domain"):
        cfn.create_stack(StackName="t", TemplateURL="https://example.com/templates/none")
    with pytest.raises(ClientError, match="Either Template URL or Template Body"):
        cfn.create_stack(StackName="t")


def test_the_size_of_a_body_is_limited(create: Callable[..., Any]) -> None:
    with pytest.raises(ClientError, match="less than or equal to 51200"):
        create('{"Resources": {"A": {"Type": "AWS::SNS::Topic"}}}' + " " * 51_200)
