"""Parameters: which values are allowed, used and shown; and rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

RESOURCES = {"A": {"Type": "AWS::SNS::Topic"}}


def with_parameter(**declaration: Any) -> dict[str, Any]:
    return {
        "Parameters": {"P": {"Type": "String", **declaration}},
        "Resources": RESOURCES,
        "Outputs": {"O": {"Value": {"Fn::Join": ["+", [{"Ref": "P"}]]}}},
    }


@pytest.mark.parametrize(
    ("declaration", "value", "message"),
    [
        ({"AllowedValues": ["a", "b"]}, "c", "Parameter 'P' must be one of AllowedValues"),
        ({"AllowedPattern": "[a-z]+"}, "a1", r"Parameter 'P' must match pattern \[a-z\]\+"),
        (
            {"AllowedPattern": "[a-z]+", "ConstraintDescription": "letters"},
            "1",
            "failed to satisfy constraint: letters",
        ),
        ({"MinLength": 2}, "a", "at least 2 characters"),
        ({"MaxLength": "2"}, "abc", "at most 2 characters"),
        ({"Type": "Number"}, "x", "must be a number"),
        ({"Type": "Number", "MinValue": 3}, "2", "not less than 3"),
        ({"Type": "Number", "MaxValue": 3}, "3.5", "not greater than 3"),
        ({"Type": "List<Number>"}, "1,x", "must be a number"),
        ({"Type": "Made::Up"}, "x", "Unrecognized parameter type: Made::Up"),
        ({"Type": "AWS::EC2::VPC::Id"}, "vpc-1", "parameter value vpc-1 for parameter name P does not exist"),
        ({"Type": "AWS::SSM::Parameter::Value<String>"}, "/none", r"Unable to fetch parameters \[/none\]"),
    ],
)
def test_refused(create: Callable[..., Any], declaration: dict[str, Any], value: str, message: str) -> None:
    with pytest.raises(ClientError, match=message):
        create(with_parameter(**declaration), P=value)


def test_missing_and_unknown(create: Callable[..., Any]) -> None:
    with pytest.raises(ClientError, match=r"Parameters: \[P\] must have values"):
        create(with_parameter())
    with pytest.raises(ClientError, match=r"Parameters: \[Q\] do not exist in the template"):
        create(with_parameter(Default="x"), Q="y")


def test_lists_numbers_and_hidden_parameters(create: Callable[..., Any]) -> None:
    template = {
        "Parameters": {
            "List": {"Type": "CommaDelimitedList", "Default": "a, b"},
            "Number": {"Type": "Number", "Default": 3},
            "Secret": {"Type": "String", "NoEcho": True, "Default": "x"},
        },
        "Resources": RESOURCES,
        "Outputs": {
            "Second": {"Value": {"Fn::Select": [1, {"Ref": "List"}]}},
            "Number": {"Value": {"Ref": "Number"}},
        },
    }
    stack = create(template)
    assert {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]} == {"Second": "b", "Number": "3"}
    shown = {each["ParameterKey"]: each["ParameterValue"] for each in stack["Parameters"]}
    assert shown == {"List": "a, b", "Number": "3", "Secret": "****"}


def test_a_parameter_of_systems_manager(create: Callable[..., Any], cloud: Any) -> None:
    cloud.client("ssm").put_parameter(Name="/image", Value="i-1", Type="String")
    stack = create(with_parameter(Type="AWS::SSM::Parameter::Value<String>", Default="/image"))
    assert stack["Parameters"] == [{"ParameterKey": "P", "ParameterValue": "/image", "ResolvedValue": "i-1"}]
    assert stack["Outputs"][0]["OutputValue"] == "i-1"


def test_an_update_keeps_previous_values(create: Callable[..., Any], cfn: Any) -> None:
    create(with_parameter(), P="one")
    previous = [{"ParameterKey": "P", "UsePreviousValue": True}]
    tags = [{"Key": "k", "Value": "v"}]
    cfn.update_stack(StackName="s", UsePreviousTemplate=True, Parameters=previous, Tags=tags)
    assert cfn.describe_stacks(StackName="s")["Stacks"][0]["Parameters"][0]["ParameterValue"] == "one"
    with pytest.raises(ClientError, match="usePreviousValue"):
        cfn.create_stack(StackName="t", TemplateBody='{"Resources": {"A": {"Type": "AWS::SNS::Topic"}}, "Parameters": '
                         '{"P": {"Type": "String"}}}', Parameters=previous)  # fmt: skip


RULES = """
Parameters: {Stage: {Type: String}, Size: {Type: String}}
Rules:
  Large:
    RuleCondition: !Equals [!Ref Stage, prod]
    Assertions:
      - Assert: {"Fn::Contains": [[l, xl], !Ref Size]}
        AssertDescription: production is large
      - Assert: !Not [!Equals [!Ref Size, xl]]
Resources: {A: {Type: AWS::SNS::Topic}}
"""


def test_rules(create: Callable[..., Any]) -> None:
    with pytest.raises(ClientError, match="violated by rule Large: production is large"):
        create(RULES, Stage="prod", Size="s")
    with pytest.raises(ClientError, match="violated by rule Large: an assertion"):
        create(RULES, Stage="prod", Size="xl")
    assert create(RULES, Stage="prod", Size="l")["StackStatus"] == "CREATE_COMPLETE"
    assert create(RULES, "t", Stage="dev", Size="s")["StackStatus"] == "CREATE_COMPLETE"
