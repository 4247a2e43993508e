"""Roles allow the calls that the code of a build or a release makes, those that no story makes too: the code is parsed.

That stories need each action of each role is in test_every_permission.py. A call is a method that botocore gives one of
the services below, or the name of one as text (the plan is data).
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

from localcloud.testing import authorization
from pipelines.definition import compile
from pipelines.upsert import LARGEST_INLINE, plan
from release.plan.config_request import config
from settings.loader import load

ROOT = Path(__file__).resolve().parents[2]
SERVICES = (
    "sagemaker",
    "sagemaker-runtime",
    "s3",
    "cloudwatch",
    "application-autoscaling",
    "ecr",
    "service-quotas",
    "kms",
)
PREFIX = {"sagemaker-runtime": "sagemaker", "service-quotas": "servicequotas"}
# The actions of operations whose names differ.
ACTIONS = {
    "s3.head_object": {"s3:GetObject"},
    "s3.head_bucket": {"s3:ListBucket"},
    "s3.list_objects_v2": {"s3:ListBucket"},
    "s3.copy_object": {"s3:GetObject", "s3:PutObject"},
    "s3.upload_file": {"s3:PutObject"},
    "cloudwatch.tag_resource": {"cloudwatch:TagResource"},
}
# What only people call, with their own permissions.
BY_HAND = {
    "delete_endpoint",
    "delete_pipeline",
    "describe_pipeline_execution",
    "list_pipeline_execution_steps",
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
    "BuildRole": ["pipelines", "aws/s3.py", "aws/default_key.py"],
    "DeployRole": ["release", "aws/model_registry.py", "aws/quotas.py", "aws/default_key.py"],
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


def sources(paths):
    for relative in paths:
        path = ROOT / relative
        yield from [path] if path.is_file() else sorted(path.rglob("*.py"))


def methods_in(paths):
    """Methods that are called, and operations that are named in text."""
    names = set()
    for path in sources(paths):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute):
                names.add(node.attr)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                names.add(node.value)
    return sorted(names & operations().keys() - BY_HAND)


def actions(method):
    """The sets of actions, one for each service that has such a method: any of them is enough."""
    for qualified in sorted(operations()[method]):
        service, operation = qualified.split(".")
        yield ACTIONS.get(f"{service}.{method}", {f"{PREFIX.get(service, service)}:{operation}"})


def allowed(role):
    """The actions of a role's own policies, those for the VPC included."""

    def statements(value):
        if isinstance(value, dict) and "Action" in value and value.get("Effect") == "Allow":
            yield value
        elif isinstance(value, dict | list):
            for each in value.values() if isinstance(value, dict) else value:
                yield from statements(each)

    found = set()
    for statement in statements(role["Properties"]["Policies"]):
        names = statement["Action"]
        found |= {names} if isinstance(names, str) else set(names)
    return found


def granted(needed, actions):
    return all(any(re.fullmatch(re.escape(action).replace(r"\*", ".*"), each) for action in actions) for each in needed)


@pytest.mark.parametrize("name", ROLES)
def test_every_call_is_allowed(name, template):
    has = allowed(template("pipelines")["Resources"][name])
    methods = methods_in(ROLES[name])
    assert len(methods) > 5
    missing = [method for method in methods if not any(granted(needed, has) for needed in actions(method))]
    assert not missing


@pytest.mark.parametrize("name", ROLES)
def test_localcloud_knows_what_aws_checks_for_every_call(name):
    """It refuses a role's call of which it does not know this."""
    for method in methods_in(ROLES[name]):
        for qualified in operations()[method]:
            assert authorization(*qualified.split("."), {}), qualified


def test_a_build_reads_and_writes_its_outputs_and_nothing_else(template):
    """Every push runs with this role: it must not change data, models or the records of releases."""
    resources = template("pipelines")["Resources"]
    policies = resources["BuildRole"]["Properties"]["Policies"]
    statements = [each for policy in policies for each in policy["PolicyDocument"]["Statement"]]
    [writing] = [each for each in statements if "s3:PutObject" in each.get("Action", ())]
    assert all("s3:GetObject" not in each.get("Action", ()) for each in statements if each is not writing)
    settings = load("local")
    values = {"${BucketName}": settings.bucket, "${Project}": "churn", "${ArtifactStart}": "churn-local-"}
    patterns = [pattern["Fn::Sub"].partition(":s3:::")[2] for pattern in writing["Resource"]]
    for name, value in values.items():
        patterns = [pattern.replace(name, value) for pattern in patterns]
    assert all(pattern.endswith("*") and "${" not in pattern for pattern in patterns)

    def writable(uri):
        return any(uri.removeprefix("s3://").startswith(pattern.removesuffix("*")) for pattern in patterns)

    compiled = compile(settings)
    large = plan(settings, replace(compiled, body=compiled.body + " " * LARGEST_INLINE), None)
    [put] = [call.parameters for call in large.calls if call.operation == "put_object"]
    cache = resources["BuildProject"]["Properties"]["Cache"]["Location"]["Fn::Sub"]
    written = [*compiled.uploads, *compiled.initial_objects, f"s3://{put['Bucket']}/{put['Key']}"]
    written += [f"s3://{cache}/x".replace("${BucketName}", settings.bucket).replace("${Project}", "churn")]
    assert [uri for uri in written if not writable(uri)] == []
    others = ("data/a.csv", "runs/1/train/model.tar.gz", "releases/churn-prod/last-good.json", "capture/x")
    others += ("release-cache/x",)
    assert [name for name in others if writable(f"{settings.prefix}/{name}")] == []


def test_a_job_or_a_model_writes_its_outputs_and_nothing_else(template):
    """What runs with this role installs third-party packages: it must not change code, champion or records."""
    policies = template("foundation")["Resources"]["ExecutionRole"]["Properties"]["Policies"]
    statements = [each for policy in policies for each in policy["PolicyDocument"]["Statement"]]
    [writing] = [each for each in statements if "s3:PutObject" in each.get("Action", ())]
    start = "arn:${AWS::Partition}:s3:::${BucketName}/${Project}/"
    patterns = [pattern["Fn::Sub"].removeprefix(start) for pattern in writing["Resource"]]
    settings = load("local")
    capture = config(settings, "model", "package", {}).request["DataCaptureConfig"]["DestinationS3Uri"]
    written = [*outputs(json.loads(compile(settings).body)["Steps"]), capture]
    uris = {pattern: f"{settings.prefix}/{pattern.removesuffix('/*')}" for pattern in patterns}
    assert [output for output in written if not any(uri in output for uri in uris.values())] == []
    assert [pattern for pattern in patterns if not any(uris[pattern] in output for output in written)] == []
    assert not {"code/*", "champion/*", "definitions/*", "releases/*", "*"} & set(patterns)


def outputs(value):
    """The output settings of a definition's jobs, as JSON."""
    if isinstance(value, dict):
        yield from (
            json.dumps(value[key]) for key in ("S3Output", "CheckpointConfig", "OutputDataConfig") if key in value
        )
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from outputs(each)


def test_a_model_may_describe_all_alarms(template):
    """AWS refuses composite alarms, which alarms.extra may name, to a role that may describe only some."""
    found = [
        statement["Resource"]
        for policy in template("foundation")["Resources"]["ExecutionRole"]["Properties"]["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
        if "cloudwatch:DescribeAlarm" in str(statement.get("Action"))
    ]
    assert found == ["*"]


def test_no_role_has_more_than_the_boundary(template):
    (first, *_) = template("foundation")["Resources"]["Boundary"]["Properties"]["PolicyDocument"]["Statement"]
    most = set(first["Action"]) | {"iam:PassRole", "iam:CreateServiceLinkedRole"}
    for stack in ("foundation", "pipelines", "schedules"):
        for name, role in template(stack)["Resources"].items():
            if role["Type"] == "AWS::IAM::Role":
                beyond = {each for each in allowed(role) if not granted({each}, most)}
                assert not beyond, name


def test_a_source_behind_a_connection_uploads_its_artifact_with_an_acl(template):
    """CodePipeline sends an ACL with what comes through a connection; an artifact from CodeCommit has none."""
    role = template("pipelines")["Resources"]["PipelineRole"]["Properties"]["Policies"]
    conditional = [
        each["Fn::If"] for policy in role for each in policy["PolicyDocument"]["Statement"] if "Fn::If" in each
    ]
    found = {
        (action, statement["Resource"]["Fn::Sub"])
        for condition, statement, _ in conditional
        if condition == "Connected"
        for action in statement["Action"]
        if action.startswith("s3:")
    }
    bucket = "arn:${AWS::Partition}:s3:::${BucketName}"
    assert found == {("s3:PutObjectAcl", f"{bucket}/${{ArtifactStart}}*"), ("s3:GetBucketAcl", bucket)}


def test_jobs_decrypt_data_of_another_bucket_with_its_key(template):
    foundation = template("foundation")
    policies = foundation["Resources"]["ExecutionRole"]["Properties"]["Policies"]
    [branches] = [
        each["Fn::If"] for policy in policies for each in policy["PolicyDocument"]["Statement"] if "Fn::If" in each
    ]
    condition, statement, otherwise = branches
    assert (condition, otherwise) == ("HasDataKey", {"Ref": "AWS::NoValue"})
    assert (statement["Effect"], statement["Resource"]) == ("Allow", {"Ref": "DataKeyArn"})
    assert statement["Action"] == ["kms:Decrypt", "kms:DescribeKey"]
    assert foundation["Conditions"]["HasDataKey"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "DataKeyArn"}, ""]}]}


def test_a_release_writes_its_own_cache(template):
    """A cache that every push can write would bring unreviewed code into a release."""
    resources = template("pipelines")["Resources"]
    policies = resources["DeployRole"]["Properties"]["Policies"]
    statements = [each for policy in policies for each in policy["PolicyDocument"]["Statement"]]
    written = [each["Resource"] for each in statements if "s3:PutObject" in str(each.get("Action"))]
    cache = resources["DeployProject"]["Properties"]["Cache"]["Location"]["Fn::Sub"]
    assert f"arn:${{AWS::Partition}}:s3:::{cache}/*" in str(written)
    assert cache != resources["BuildProject"]["Properties"]["Cache"]["Location"]["Fn::Sub"]
