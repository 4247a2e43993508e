"""A cloud with CloudFormation and the services that most stacks use, and functions that create stacks in it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from localcloud.core.cloud import Cloud
from localcloud.services.cloudformation.service import CloudFormation
from localcloud.services.cloudwatch.service import CloudWatch
from localcloud.services.events.service import Events
from localcloud.services.sagemaker.service import SageMaker

Stack = dict[str, Any]
CAPABILITIES = ["CAPABILITY_NAMED_IAM"]


@pytest.fixture
def services() -> list[Any]:
    return [CloudFormation, Events, CloudWatch, SageMaker]


@pytest.fixture
def cfn(cloud: Cloud) -> Any:
    return cloud.client("cloudformation")


@pytest.fixture
def create(cfn: Any) -> Callable[..., Stack]:
    """``create(template, Stage="dev")``: the stack "s" when the operation is done."""

    def make(template: Any, name: str = "s", *, options: dict[str, Any] | None = None, **parameters: str) -> Stack:
        request = {"Capabilities": CAPABILITIES, **(options or {})}
        cfn.create_stack(StackName=name, TemplateBody=body(template), Parameters=as_parameters(parameters), **request)
        return describe(cfn, name)

    return make


@pytest.fixture
def update(cfn: Any) -> Callable[..., Stack]:
    def change(template: Any, name: str = "s", *, options: dict[str, Any] | None = None, **parameters: str) -> Stack:
        request = {"Capabilities": CAPABILITIES, **(options or {})}
        cfn.update_stack(StackName=name, TemplateBody=body(template), Parameters=as_parameters(parameters), **request)
        return describe(cfn, name)

    return change


@pytest.fixture
def events(cfn: Any) -> Callable[..., list[tuple[str, str]]]:
    """Resource and status of each event, the oldest first."""

    def read(name: str = "s") -> list[tuple[str, str]]:
        stack_events = cfn.describe_stack_events(StackName=name)["StackEvents"]
        return [(event["LogicalResourceId"], event["ResourceStatus"]) for event in reversed(stack_events)]

    return read


@pytest.fixture
def physical(cfn: Any) -> Callable[..., str]:
    def read(resource: str, name: str = "s") -> str:
        detail = cfn.describe_stack_resource(StackName=name, LogicalResourceId=resource)["StackResourceDetail"]
        return str(detail["PhysicalResourceId"])

    return read


def body(template: Any) -> str:
    return template if isinstance(template, str) else json.dumps(template)


def as_parameters(parameters: dict[str, str]) -> list[dict[str, str]]:
    return [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]


def describe(cfn: Any, name: str) -> Stack:
    stack: Stack = cfn.describe_stacks(StackName=name)["Stacks"][0]
    return stack
