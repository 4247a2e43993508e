"""Roles allow the calls that the code of a build or a release makes, those that no story makes too: the code is parsed.

That stories need each action of each role is in test_every_permission.py. A call is a method that botocore gives one of
the services below, or the name of one as text (the plan is data).
"""

import ast
import json
import re
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

import botocore.session
import pytest
from botocore import xform_name

from localcloud.testing import authorization
from pipelines.definition import compile
from pipelines.upsert import LARGEST_INLINE, plan
from release.judgement_alarms import namespace
from release.plan.config_request import config
from release.plan.plan import APPROVED
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
    "sns",
)
PREFIX = {"sagemaker-runtime": "sagemaker", "service-quotas": "servicequotas"}
# The actions of operations whose names differ.
ACTIONS = {
    "s3.head_object": {"s3:GetObject"},
    "s3.head_bucket": {"s3:ListBucket"},
    "s3.list_objects_v2": {"s3:ListBucket"},
    "s3.copy_object": {"s3:GetObject", "s3:PutObject"},
    "s3.upload_file": {"s3:PutObject"},
    "s3.put_object_tagging": {"s3:PutObjectVersionTagging"},  # of a version
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
    "delete_dashboards",
    "list_dashboards",
    "search",  # a method of regular expressions
}
FILES_OF_PEOPLE = ("approve.py", "pending.py", "pending_list.py")
ROLES = {
    ("build", "UpsertRole"): ["pipelines", "aws/s3.py", "aws/default_key.py"],
    ("deploy", "PlanRole"): [
        *("release/approval_summary.py", "release/plan", "release/scaling_target.py"),
        *("release/state/current_state.py", "release/state/verdict_records.py", "release/state/live_package.py"),
        *("release/prediction_comparison.py", "release/recorded_traffic.py", "release/invocation.py"),
        *("aws/quotas.py", "aws/default_key.py"),
    ],
    ("release", "Role"): ["release", "aws/quotas.py", "aws/default_key.py"],
}
READS = ("describe_", "get_", "head_", "list_")  # of a plan, which names the other calls as data


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
        files = [path] if path.is_file() else sorted(path.rglob("*.py"))
        yield from (file for file in files if file.name not in FILES_OF_PEOPLE)


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


@pytest.mark.parametrize(("stack", "name"), ROLES)
def test_every_call_is_allowed(stack, name, template):
    has = allowed(template(stack)["Resources"][name])
    methods = methods_in(ROLES[stack, name])
    assert len(methods) > 5
    if name == "PlanRole":
        methods = [method for method in methods if method.startswith(READS)]
    missing = [method for method in methods if not any(granted(needed, has) for needed in actions(method))]
    assert not missing


@pytest.mark.parametrize("role", ROLES)
def test_localcloud_knows_what_aws_checks_for_every_call(role):
    """It refuses a role's call of which it does not know this."""
    for method in methods_in(ROLES[role]):
        for qualified in operations()[method]:
            assert authorization(*qualified.split("."), {}), qualified


def statements_of(template, stack, name):
    policies = template(stack)["Resources"][name]["Properties"]["Policies"]
    return [each for policy in policies for each in policy["PolicyDocument"]["Statement"]]


def patterns(statement, values):
    """The keys of objects, with the bucket, that a statement is about."""
    listed = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
    found = [pattern["Fn::Sub"].partition(":s3:::")[2] for pattern in listed]
    for name, value in values.items():
        found = [pattern.replace(name, value) for pattern in found]
    assert all("${" not in pattern.replace("${Kind}", "") for pattern in found)
    return found


def written(template, stack, name, values):
    """The prefixes of objects that a role can write."""
    writing = [each for each in statements_of(template, stack, name) if "s3:PutObject" in str(each.get("Action", ""))]
    found = [pattern for each in writing for pattern in patterns(each, values)]
    assert not any("*" in pattern.removesuffix("*") for pattern in found)
    return tuple(pattern.removesuffix("*") for pattern in found)


def cache_of(template, stack, project, values):
    location = template(stack)["Resources"][project]["Properties"]["Cache"]["Location"]["Fn::Sub"]
    for name, value in values.items():
        location = location.replace(name, value)
    return f"{location}/"


def values_of(settings):
    return {"${BucketName}": settings.bucket, "${Project}": "churn", "${ArtifactStart}": "churn-local-"}


def test_tests_of_a_push_may_do_nothing_but_report(template):
    """They run any code: they read the source, and write logs, reports and their own cache."""
    actions_of = allowed(template("build")["Resources"]["TestRole"])
    services = {action.partition(":")[0] for action in actions_of}
    assert services == {"codebuild", "ec2", "kms", "logs", "s3"}
    assert {each for each in actions_of if each.startswith(("codebuild:", "logs:"))} == {
        *("codebuild:BatchPutTestCases", "codebuild:CreateReport", "codebuild:CreateReportGroup"),
        *("codebuild:UpdateReport", "logs:CreateLogStream", "logs:PutLogEvents"),
    }
    values = values_of(load("local"))
    assert written(template, "build", "TestRole", values) == (cache_of(template, "build", "TestProject", values),)


def test_an_upsert_writes_code_and_definitions_and_nothing_else(template):
    """It must not change data, models or the records of releases."""
    settings = load("local")
    values = values_of(settings)
    starts = written(template, "build", "UpsertRole", values)
    compiled = compile(settings)
    large = plan(settings, replace(compiled, body=compiled.body + " " * LARGEST_INLINE), None)
    [put] = [call.parameters for call in large.calls if call.operation == "put_object"]
    outputs = [*compiled.uploads, *compiled.initial_objects, f"s3://{put['Bucket']}/{put['Key']}"]
    outputs += [f"s3://{cache_of(template, 'build', 'UpsertProject', values)}x"]
    assert [uri for uri in outputs if not uri.removeprefix("s3://").startswith(starts)] == []
    [champion] = [
        each for each in statements_of(template, "build", "UpsertRole") if each.get("Condition", {}).get("Null")
    ]
    assert patterns(champion, values) == [f"{settings.bucket}/churn/champion/evaluation.json"]
    assert champion["Condition"] == {"Null": {"s3:if-none-match": "false"}}  # nothing is written over
    others = ("data/a.csv", "runs/1/train/model.tar.gz", "releases/churn-prod/last-good.json", "capture/x")
    others += ("test-cache/x", "champion/model.tar.gz")
    assert [each for each in others if f"{settings.bucket}/churn/{each}".startswith(starts)] == []


def test_a_job_writes_its_outputs_and_nothing_else(template):
    """It runs the code of a push and third-party packages: it must not change code, champion or records."""
    settings = load("local")
    starts = written(template, "foundation", "TrainingRole", values_of(settings))
    produced = list(outputs(json.loads(compile(settings).body)["Steps"]))
    assert [output for output in produced if not any(f"s3://{start}"[:-1] in output for start in starts)] == []
    assert starts == tuple(f"{settings.bucket}/churn/{name}/" for name in ("checkpoints", "runs"))


def test_a_model_reads_models_and_writes_what_it_captures_and_nothing_else(template):
    settings = load("local")
    values = values_of(settings) | {"${ModelBucketName}": "models"}
    capture = config(settings, "model", "package", {}).request["DataCaptureConfig"]["DestinationS3Uri"]
    assert written(template, "foundation", "HostingRole", values) == (f"{capture.removeprefix('s3://')}/",)
    reading = [
        each for each in statements_of(template, "foundation", "HostingRole") if each["Action"] == "s3:GetObject"
    ]
    assert [pattern for each in reading for pattern in patterns(each, values)] == ["models/churn/runs/*"]
    assert [each["Condition"] for each in reading] == [{"Null": {f"s3:ExistingObjectTag/{APPROVED}": "false"}}]
    services = {action.partition(":")[0] for action in allowed(template("foundation")["Resources"]["HostingRole"])}
    assert services == {"cloudwatch", "ec2", "ecr", "kms", "logs", "s3"}


def test_a_plan_changes_nothing(template):
    """It writes logs and its cache."""
    changing = {
        action
        for action in allowed(template("deploy")["Resources"]["PlanRole"])
        if not action.partition(":")[2].startswith(("Describe", "Get", "List"))
    }
    cache = {"kms:Decrypt", "kms:GenerateDataKey*", "s3:PutObject"}
    network = {f"ec2:{name}NetworkInterface{rest}" for name, rest in NETWORK}
    asking = {"sagemaker:InvokeEndpoint"}  # both models the same recorded requests
    assert changing == {"logs:CreateLogStream", "logs:PutLogEvents", *cache, *network, *asking}
    values = values_of(load("local"))
    comparisons = f"{values['${BucketName}']}-deploy/comparisons/"
    cache_prefix = cache_of(template, "deploy", "PlanProject", values)
    assert written(template, "deploy", "PlanRole", values) == (cache_prefix, comparisons)


NETWORK = (("Create", ""), ("Create", "Permission"), ("Delete", ""))


def test_no_build_and_no_job_writes_what_the_deploy_pipeline_runs(template):
    """Its artifacts have a bucket of their own."""
    pipeline = template("deploy")["Resources"]["DeployPipeline"]["Properties"]["ArtifactStore"]["Location"]["Fn::Sub"]
    assert pipeline == "${BucketName}-deploy"
    values = values_of(load("local")) | {
        "${Kind}": "staging",
        "${TargetBucketName}": "target",
        "${TargetStage}": "staging",
    }
    roles = {("build", name) for name in ("TestRole", "UpsertRole", "PipelineRole")}
    roles |= {("foundation", name) for name in ("TrainingRole", "HostingRole")}
    bucket = f"{values['${BucketName}']}-deploy/"
    for stack, name in roles:
        assert not [start for start in written(template, stack, name, values) if start.startswith(bucket)], name
    for stack, name, folders in (("deploy", "PlanRole", ["cache", "comparisons"]), ("release", "Role", ["cache"])):
        starts = [start for start in written(template, stack, name, values) if start.startswith(bucket)]
        assert [start.removeprefix(bucket).partition("/")[0] for start in starts] == folders, name


def test_only_production_makes_a_champion(template):
    [branches] = [each["Fn::If"] for each in statements_of(template, "release", "Role") if "champion" in str(each)]
    condition, statement, otherwise = branches
    assert (condition, otherwise) == ("Production", {"Ref": "AWS::NoValue"})
    assert statement["Resource"]["Fn::Sub"].endswith(":::${BucketName}/${Project}/champion/*")
    assert template("release")["Conditions"]["Production"] == {"Fn::Equals": [{"Ref": "Kind"}, "production"]}


def test_a_release_writes_the_records_and_the_metric_of_its_own_stage(template):
    """Two stages may have one bucket."""
    stage = load("local")
    values = values_of(stage) | {"${TargetStage}": "local", "${TargetBucketName}": "target", "${Kind}": "staging"}
    records = [each for each in written(template, "release", "Role", values) if each.startswith("target/")]
    assert records == [f"target/churn/releases/{stage.endpoint_name}/"]
    statements = statements_of(template, "release", "Role")
    [metric] = [each for each in statements if "PutMetricData" in str(each.get("Action"))]
    [pattern] = metric["Condition"]["StringEquals"].values()
    project, target = values["${Project}"], values["${TargetStage}"]
    assert pattern["Fn::Sub"].replace("${Project}", project).replace("${TargetStage}", target) == namespace(stage)


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
        for policy in template("foundation")["Resources"]["HostingRole"]["Properties"]["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
        if "cloudwatch:DescribeAlarm" in str(statement.get("Action"))
    ]
    assert found == ["*"]


def test_no_model_writes_the_metric_by_which_releases_are_taken_back(template):
    """A model's own code could otherwise keep itself live, or take another one back."""
    statements = [
        statement
        for role in ("TrainingRole", "HostingRole")
        for policy in template("foundation")["Resources"][role]["Properties"]["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
        if statement.get("Action") == "cloudwatch:PutMetricData"
    ]
    assert len(statements) == 2
    patterns = [each for one in statements for each in one["Condition"]["StringLike"]["cloudwatch:namespace"]]
    texts = [pattern if isinstance(pattern, str) else pattern["Fn::Sub"] for pattern in patterns]
    for project in ("churn", "releases", "r"):
        named = [text.replace("${Project}", project) for text in texts]
        assert not [pattern for pattern in named if fnmatchcase(namespace(load("local")), pattern)]


def test_no_role_has_more_than_the_boundary(template):
    (first, *_) = template("foundation")["Resources"]["Boundary"]["Properties"]["PolicyDocument"]["Statement"]
    most = set(first["Action"]) | {"iam:PassRole", "iam:CreateServiceLinkedRole"}
    for stack in ("foundation", "build", "release", "deploy", "schedules"):
        for name, role in template(stack)["Resources"].items():
            if role["Type"] == "AWS::IAM::Role":
                beyond = {each for each in allowed(role) if not granted({each}, most)}
                assert not beyond, name


def test_a_source_behind_a_connection_uploads_its_artifact_with_an_acl(template):
    """CodePipeline sends an ACL with what comes through a connection; an artifact from CodeCommit has none."""
    role = template("build")["Resources"]["PipelineRole"]["Properties"]["Policies"]
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
    arn = "arn:${AWS::Partition}:s3:::${BucketName}"
    assert found == {("s3:PutObjectAcl", f"{arn}/${{ArtifactStart}}*"), ("s3:GetBucketAcl", arn)}


def test_jobs_decrypt_data_of_another_bucket_with_its_key(template):
    foundation = template("foundation")
    policies = foundation["Resources"]["TrainingRole"]["Properties"]["Policies"]
    [branches] = [
        each["Fn::If"] for policy in policies for each in policy["PolicyDocument"]["Statement"] if "Fn::If" in each
    ]
    condition, statement, otherwise = branches
    assert (condition, otherwise) == ("HasDataKey", {"Ref": "AWS::NoValue"})
    assert (statement["Effect"], statement["Resource"]) == ("Allow", {"Ref": "DataKeyArn"})
    assert statement["Action"] == ["kms:Decrypt", "kms:DescribeKey"]
    assert foundation["Conditions"]["HasDataKey"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "DataKeyArn"}, ""]}]}


def test_each_build_writes_its_own_cache(template):
    """A cache that every push can write would bring unreviewed code into an upsert or a release."""
    projects = {("build", "Test"), ("build", "Upsert"), ("deploy", "Plan"), ("release", "Release")}
    values = values_of(load("local")) | {"${TargetBucketName}": "target", "${TargetStage}": "staging"}
    caches = {each: cache_of(template, each[0], f"{each[1]}Project", values) for each in projects}
    assert len(set(caches.values())) == len(projects)
    for stack, kind in projects:
        starts = written(
            template, stack, "Role" if kind == "Release" else f"{kind}Role", values | {"${Kind}": "${Kind}"}
        )
        assert [each for each in caches.values() if each in starts] == [caches[stack, kind]]
