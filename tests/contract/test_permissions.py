"""Each API call that the code of a build or a release makes is allowed by its role: found by reading the code.

A call is a method that botocore gives one of the services below, or the name of one as text (the plan is data).
"""

import ast
import json
import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import botocore.session
import pytest
from botocore import xform_name

from pipelines.definition import compile
from pipelines.upsert import LARGEST_INLINE, plan
from release.plan.config_request import config
from settings.loader import load

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
    "BuildRole": ["pipelines", "aws/model_registry.py"],
    "DeployRole": ["release", "aws/model_registry.py"],
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


def test_a_build_reads_and_writes_what_it_makes_and_nothing_else(template):
    """Whoever may push runs as this role: data, models and the records of releases are not theirs to change."""
    resources = template("pipelines")["Resources"]
    policies = resources["BuildRole"]["Properties"]["Policies"]
    statements = [each for policy in policies for each in policy["PolicyDocument"]["Statement"]]
    [writing] = [each for each in statements if "s3:PutObject" in each.get("Action", ())]
    assert all("s3:GetObject" not in each.get("Action", ()) for each in statements if each is not writing)
    settings = load("local")
    given = {"${BucketName}": settings.bucket, "${Project}": "churn", "${ArtifactStart}": "churn-local-"}
    places = [place["Fn::Sub"].partition(":s3:::")[2] for place in writing["Resource"]]
    for name, value in given.items():
        places = [place.replace(name, value) for place in places]
    assert all(place.endswith("*") and "${" not in place for place in places)

    def may(uri):
        return any(uri.removeprefix("s3://").startswith(place.removesuffix("*")) for place in places)

    compiled = compile(settings)
    large = plan(settings, replace(compiled, body=compiled.body + " " * LARGEST_INLINE), None)
    [put] = [call.parameters for call in large.calls if call.operation == "put_object"]
    cache = resources["BuildProject"]["Properties"]["Cache"]["Location"]["Fn::Sub"]
    made = [*compiled.uploads, *compiled.seeds, f"s3://{put['Bucket']}/{put['Key']}"]
    made += [f"s3://{cache}/x".replace("${BucketName}", settings.bucket).replace("${Project}", "churn")]
    assert [uri for uri in made if not may(uri)] == []
    others = ("data/a.csv", "runs/1/train/model.tar.gz", "releases/churn-prod/last-good.json", "capture/x")
    assert [name for name in others if may(f"{settings.prefix}/{name}")] == []


def test_a_job_or_a_model_writes_what_it_makes_and_nothing_else(template):
    """What runs as this role brings packages of anybody's: code, champion and records are not theirs to change."""
    policies = template("foundation")["Resources"]["ExecutionRole"]["Properties"]["Policies"]
    statements = [each for policy in policies for each in policy["PolicyDocument"]["Statement"]]
    [writing] = [each for each in statements if "s3:PutObject" in each.get("Action", ())]
    start = "arn:${AWS::Partition}:s3:::${BucketName}/${Project}/"
    places = [place["Fn::Sub"].removeprefix(start) for place in writing["Resource"]]
    settings = load("local")
    capture = config(settings, "model", "package", {}).request["DataCaptureConfig"]["DestinationS3Uri"]
    made = [*outputs(json.loads(compile(settings).body)["Steps"]), capture]
    of = {place: f"{settings.prefix}/{place.removesuffix('/*')}" for place in places}
    assert [one for one in made if not any(start in one for start in of.values())] == []
    assert [place for place in places if not any(of[place] in one for one in made)] == []
    assert not {"code/*", "champion/*", "definitions/*", "releases/*", "*"} & set(places)


def outputs(value):
    """Where a definition's jobs write, as JSON."""
    if isinstance(value, dict):
        yield from (
            json.dumps(value[key]) for key in ("S3Output", "CheckpointConfig", "OutputDataConfig") if key in value
        )
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from outputs(each)


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
