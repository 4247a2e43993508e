"""Each API call that the code of a build or a release makes is allowed by its role: found by reading the code.

A call is a method that botocore gives one of the services below, or the name of one as text (the plan is data).
"""

import ast
import re
from functools import cache
from pathlib import Path

import botocore.session
import pytest
from botocore import xform_name

ROOT = Path(__file__).resolve().parents[2]
SERVICES = ("sagemaker", "sagemaker-runtime", "s3", "cloudwatch", "application-autoscaling", "ecr")
PREFIX = {"sagemaker-runtime": "sagemaker"}
# The actions behind operations that are called otherwise.
ACTIONS = {
    "s3.head_object": {"s3:GetObject"},
    "s3.head_bucket": {"s3:ListBucket"},
    "s3.list_objects_v2": {"s3:ListBucket"},
    "s3.copy_object": {"s3:GetObject", "s3:PutObject"},
    "s3.upload_file": {"s3:PutObject"},
    "cloudwatch.tag_resource": {"cloudwatch:TagResource"},
}
# Whoever makes something with tags needs these as well.
TAGGING = {"sagemaker:AddTags", "application-autoscaling:TagResource", "cloudwatch:TagResource"}
# What AWS itself asks of whoever makes a scaling target: https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-prerequisites.html
SCALING = {"sagemaker:UpdateEndpointWeightsAndCapacities"}
# What only people do: from their own shells, with their own permissions.
BY_HAND = {
    "delete_pipeline",
    "stop_pipeline_execution",
    "list_pipeline_executions",
    "describe_model_package_group",
    "describe_pipeline_definition_for_execution",
    "describe_processing_job",
    "describe_training_job",
    "describe_transform_job",
    "search",  # a method of regular expressions
}
ROLES = {
    "BuildRole": ["pipelines"],
    "DeployRole": ["codepipeline/deploy", "codepipeline/approval.py", "pipelines/champion.py"],
}


@cache
def operations():
    """boto3's method -> "service.method" of every service that has it."""
    found = {}
    session = botocore.session.get_session()
    for service in SERVICES:
        for operation in session.get_service_model(service).operation_names:
            found.setdefault(xform_name(operation), set()).add(f"{service}.{operation}")
    return found


def sources(places):
    for place in places:
        path = ROOT / place
        yield from [path] if path.is_file() else sorted(path.rglob("*.py"))


def called(places):
    """Methods called, and operations that stand as text or are asked of a paginator."""
    names = set()
    for path in sources(places):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute):
                names.add(node.attr)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                names.add(node.value)
    return sorted(names & operations().keys() - BY_HAND)


def actions(method):
    """What may be meant: any of the services that have such a method will do."""
    for place in sorted(operations()[method]):
        service, operation = place.split(".")
        yield ACTIONS.get(f"{service}.{method}", {f"{PREFIX.get(service, service)}:{operation}"})


def allowed(role):
    """The actions of a role's own policies, with the VPC's."""

    def statements(value):
        if isinstance(value, dict) and "Action" in value and value.get("Effect") == "Allow":
            yield value
        elif isinstance(value, dict | list):
            for each in value.values() if isinstance(value, dict) else value:
                yield from statements(each)

    found = set()
    for statement in statements(role["Properties"]["Policies"]):
        given = statement["Action"]
        found |= {given} if isinstance(given, str) else set(given)
    return found


def granted(needed, actions):
    return all(any(re.fullmatch(re.escape(action).replace(r"\*", ".*"), each) for action in actions) for each in needed)


@pytest.mark.parametrize("name", ROLES)
def test_every_call_is_allowed(name, template):
    has = allowed(template("pipelines")["Resources"][name])
    methods = called(ROLES[name])
    assert len(methods) > 5
    missing = [method for method in methods if not any(granted(needed, has) for needed in actions(method))]
    assert not missing


@pytest.mark.parametrize("name", ROLES)
def test_nothing_is_allowed_that_no_code_needs(name, template):
    """S3, keys and logs are left out: they are also for the services' own work."""
    has = allowed(template("pipelines")["Resources"][name])
    needed = {action for method in called(ROLES[name]) for group in actions(method) for action in group}
    services = ("sagemaker", "application-autoscaling", "ecr", "cloudwatch")
    mine = {action for action in has if action.split(":")[0] in services}
    assert sorted(mine - needed - TAGGING - SCALING) == []


@pytest.mark.parametrize(("stack", "name"), [("pipelines", "DeployRole"), ("foundation", "ExecutionRole")])
def test_whoever_looks_at_alarms_may_look_at_all(stack, name, template):
    """A search by prefix is refused to anybody who may see some only, and so is a look at a composite alarm."""
    found = [
        statement["Resource"]
        for policy in template(stack)["Resources"][name]["Properties"]["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
        if "cloudwatch:DescribeAlarm" in str(statement.get("Action"))
    ]
    assert found == ["*"]


def test_no_role_may_more_than_the_boundary(template):
    (first, *_) = template("foundation")["Resources"]["Boundary"]["Properties"]["PolicyDocument"]["Statement"]
    most = set(first["Action"]) | {"iam:PassRole", "iam:CreateServiceLinkedRole"}
    for stack in ("foundation", "pipelines", "schedules"):
        for name, role in template(stack)["Resources"].items():
            if role["Type"] == "AWS::IAM::Role":
                beyond = {each for each in allowed(role) if not granted({each}, most)}
                assert not beyond, name
