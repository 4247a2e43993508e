"""A push by somebody who wants its model in production without being asked: every way is tried, none works."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.story.delivery.delivery import RED, Delivery, wait_until
from tests.story.delivery.models import GROUP, Registry

pytestmark = [pytest.mark.roles, pytest.mark.planted]

# What is tried with the keys of a role, and AWS's reply.
ATTEMPT = """
def attempt(prefix, calls):
    for name, call in calls.items():
        try:
            call()
            print(f"{prefix} {name}: done", flush=True)
        except Exception as error:
            print(f"{prefix} {name}: {error.response['Error']['Code']}", flush=True)
"""
# By a build, and by a job.
CALLS = (
    ATTEMPT
    + """
def attack(prefix):
    import boto3
    sagemaker, codepipeline, events, s3 = (boto3.client(name) for name in ("sagemaker", "codepipeline", "events", "s3"))
    bucket = "churn-local-000000000000-eu-west-1"
    package = "arn:aws:sagemaker:eu-west-1:000000000000:model-package/churn/1"
    container = {"Image": "141502667606.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-xgboost:3.2-0",
                 "ModelDataUrl": "s3://churn-local-000000000000-eu-west-1/churn/runs/1/model.tar.gz"}
    containers = {"Containers": [container], "SupportedContentTypes": ["text/csv"],
                  "SupportedResponseMIMETypes": ["text/csv"]}
    event = {"Source": "aws.sagemaker", "DetailType": "SageMaker Model Package State Change", "Detail": "{}"}
    calls = {
        "approve": lambda: sagemaker.update_model_package(ModelPackageArn=package, ModelApprovalStatus="Approved"),
        "edit": lambda: sagemaker.update_model_package(ModelPackageArn=package, CustomerMetadataProperties={"a": "b"}),
        "create": lambda: sagemaker.create_model_package(
            ModelPackageGroupName="churn", ModelApprovalStatus="Approved", InferenceSpecification=containers),
        "create without a status": lambda: sagemaker.create_model_package(
            ModelPackageGroupName="churn", InferenceSpecification=containers),
        "release": lambda: codepipeline.start_pipeline_execution(name="churn-local-deploy"),
        "event": lambda: events.put_events(Entries=[event]),
        "stop another's job": lambda: sagemaker.stop_training_job(TrainingJobName="pipelines-abcdefghijkl-train-0"),
        "tested source": lambda: s3.put_object(
            Bucket=bucket, Key="churn/tested/0.tar.gz", Body=b"x", IfNoneMatch="*"),
        "parameter": lambda: sagemaker.start_pipeline_execution(
            PipelineName="churn-local", PipelineParameters=[{"Name": "ApprovalStatus", "Value": "Approved"}]),
    }
    objects = {
        "archive": (bucket, "churn/runs/1/model.tar.gz"),
        "champion": (bucket, "churn/champion/evaluation.json"),
        "code": (bucket, "churn/code/0/train.py"),
        "records": (bucket, "churn/releases/churn-prod/last-good.json"),
        "source of a build": (bucket, "churn-local-build/Source/x"),
        "other tested source": (bucket, "churn/tested/0.tar.gz"),
        "source of a release": (bucket + "-deploy", "churn-local-deploy/Source/x"),
    }
    for name, (where, key) in objects.items():
        calls[name] = lambda where=where, key=key: s3.put_object(Bucket=where, Key=key, Body=b"{}")
    attempt(prefix, calls)
"""
)
# By the release to staging: production, in every way that a release reaches its own stage.
OF_PRODUCTION = (
    ATTEMPT
    + """
def attack():
    import boto3
    names = ("sagemaker", "s3", "cloudwatch", "sns", "codepipeline", "sts", "application-autoscaling")
    sagemaker, s3, cloudwatch, sns, codepipeline, sts, scaling = map(boto3.client, names)
    runtime = boto3.client("sagemaker-runtime")
    bucket, endpoint, account = "churn-local-000000000000-eu-west-1", {"EndpointName": "churn-prod"}, "000000000000"
    production = "churn-prod-000000000000-eu-west-1"
    config = {"EndpointConfigName": "churn-prod-0123456789"}
    variant = {"VariantName": "AllTraffic", "InitialInstanceCount": 1, "InstanceType": "ml.m5.large"}
    model = {"ModelName": "churn-prod-0123456789"}
    role = f"arn:aws:iam::{account}:role/churn-prod-hosting"
    image = {"Image": "141502667606.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-xgboost:3.2-0"}
    alarm = {"AlarmName": "churn-prod-5xx-rate", "MetricName": "x", "Namespace": "x", "Period": 60, "Statistic": "Sum"}
    alarm |= {"EvaluationPeriods": 1, "Threshold": 1.0, "ComparisonOperator": "GreaterThanThreshold"}
    dimensions = [{"Name": "EndpointName", "Value": "churn-prod"}]
    datum = {"MetricName": "Failed", "Dimensions": dimensions, "Value": 1.0}
    target = {"ServiceNamespace": "sagemaker", "ResourceId": "endpoint/churn-prod/variant/AllTraffic",
              "ScalableDimension": "sagemaker:variant:DesiredInstanceCount"}
    answer = {"pipelineName": "churn-local-deploy", "stageName": "Approval", "actionName": "Approve"}
    answer |= {"token": "00000000-0000-4000-8000-000000000000", "result": {"summary": "fine", "status": "Approved"}}
    calls = {
        "update": lambda: sagemaker.update_endpoint(**endpoint, EndpointConfigName="churn-staging-0123456789"),
        "delete": lambda: sagemaker.delete_endpoint(**endpoint),
        "create": lambda: sagemaker.create_endpoint(**endpoint, EndpointConfigName="churn-staging-0123456789"),
        "weights": lambda: sagemaker.update_endpoint_weights_and_capacities(
            **endpoint, DesiredWeightsAndCapacities=[{"VariantName": "AllTraffic", "DesiredInstanceCount": 1}]),
        "invoke": lambda: runtime.invoke_endpoint(**endpoint, ContentType="text/csv", Body=b"33,basic"),
        "create config": lambda: sagemaker.create_endpoint_config(
            **config, ProductionVariants=[variant | {"ModelName": "churn-staging-0123456789"}]),
        "delete config": lambda: sagemaker.delete_endpoint_config(**config),
        "delete model": lambda: sagemaker.delete_model(**model),
        "hosting role": lambda: sagemaker.create_model(
            ModelName="churn-staging-0123456789", ExecutionRoleArn=role, PrimaryContainer=image),
        "delete alarm": lambda: cloudwatch.delete_alarms(AlarmNames=["churn-prod-5xx-rate"]),
        "change alarm": lambda: cloudwatch.put_metric_alarm(**alarm),
        "judgement": lambda: cloudwatch.put_metric_data(Namespace="Releases/churn-prod", MetricData=[datum]),
        "dashboard": lambda: cloudwatch.put_dashboard(
            DashboardName="churn-prod-eu-west-1", DashboardBody='{"widgets": []}'),
        "scaling": lambda: scaling.register_scalable_target(**target, MinCapacity=1, MaxCapacity=1),
        "notice": lambda: sns.publish(TopicArn=f"arn:aws:sns:eu-west-1:{account}:churn-prod", Message="shipped"),
        "approval": lambda: codepipeline.put_approval_result(**answer),
        "role": lambda: sts.assume_role(
            RoleArn=f"arn:aws:iam::{account}:role/churn-local-production", RoleSessionName="story"),
        "captured requests": lambda: s3.get_object(Bucket=production, Key="churn/capture/churn-prod/x.jsonl"),
        "read records": lambda: s3.get_object(Bucket=production, Key="churn/releases/churn-prod/last-good.json"),
    }
    objects = {
        "write records": (production, "churn/releases/churn-prod/last-good.json"),
        "verdict": (production, "churn/releases/churn-prod/verdicts/x.json"),
        "champion": (bucket, "churn/champion/evaluation.json"),
        "archive": (bucket, "churn/runs/1/model.tar.gz"),
        "source": (bucket + "-deploy", "churn-local-deploy/Tested/x"),
        "cache": (bucket + "-deploy", "cache/production/x"),
    }
    for name, (where, key) in objects.items():
        calls[name] = lambda where=where, key=key: s3.put_object(Bucket=where, Key=key, Body=b"{}")
    attempt("staging", calls)


import os
if os.environ.get("STEP") == "deploy":
    attack()
"""
)
UPSERT = "codepipeline/upsert.buildspec.yml"
DENIED = dict.fromkeys(
    ("approve", "edit", "create", "create without a status", "release", "event", "parameter", "stop another's job"),
    "AccessDeniedException",
)
DENIALS = ("AccessDenied", "AccessDeniedException", "AuthorizationError")
SOURCES = ("source of a build", "tested source", "other tested source", "source of a release")
DENIED |= dict.fromkeys(("archive", "champion", "code", "records", *SOURCES), "AccessDenied")


def results(log: str, prefix: str) -> dict[str, str]:
    return dict(re.findall(rf"^{prefix} ([\w' ]+): (\w+)$", log, re.MULTILINE))


def edit(delivery: Delivery, name: str, pattern: str, text: str) -> None:
    source = (delivery.checkout.folder / name).read_text()
    changed = re.sub(pattern, lambda _: text, source, count=1)
    assert changed != source
    delivery.checkout.write(name, changed)


@pytest.fixture(scope="module")
def waiting(delivery: Delivery) -> str:
    """A package that nobody has approved. The code that would release it reaches for production from staging."""
    edit(delivery, "release/command.py", "\ndef main\\(", f"{OF_PRODUCTION}\n\ndef main(")
    return delivery.registry().register()


def commit_of(delivery: Delivery, package: str) -> str:
    description = delivery.aws("sagemaker").describe_model_package(ModelPackageName=package)
    return str(description["CustomerMetadataProperties"]["git_commit"])


@pytest.fixture(scope="module")
def build(delivery: Delivery, waiting: str) -> str:
    """The push's definition registers its model as approved; its builds and its evaluation try the rest."""
    delivery.checkout.write("attack.py", CALLS)
    edit(delivery, "pipelines/steps/register.py", r"approval_status=[\w.\"]+", 'approval_status="Approved"')
    job = CALLS + '\n\nattack("job")\n\n\nif __name__ == "__main__":'
    edit(delivery, "scripts/evaluate.py", 'if __name__ == "__main__":', job)
    for kind, file, after in (("test", "buildspec.yml", "reports:"), ("upsert", UPSERT, "cache:")):
        command = f"      - .venv/bin/python -c 'import attack; attack.attack(\"{kind}\")'"
        edit(delivery, file, rf"\n{after}", f"{command}\n\n{after}")
    delivery.push("an innocent change")
    (build,) = delivery.executions("build")
    assert delivery.wait_for_end("build", build) == "Succeeded", delivery.build_output("build", build)
    return build


@pytest.fixture(scope="module")
def run(delivery: Delivery, build: str) -> dict[str, Any]:
    """The run of the SageMaker pipeline that the build started, when it is over."""
    sagemaker = delivery.aws("sagemaker")
    arn = sagemaker.list_pipeline_executions(PipelineName="churn-local")["PipelineExecutionSummaries"][-1]
    name = {"PipelineExecutionArn": arn["PipelineExecutionArn"]}

    def finished() -> Any:
        status = sagemaker.describe_pipeline_execution(**name)["PipelineExecutionStatus"]
        return status in ("Succeeded", "Failed", "Stopped")

    wait_until(finished)
    steps = sagemaker.list_pipeline_execution_steps(**name)["PipelineExecutionSteps"]
    return {step["StepName"]: step for step in steps}


def test_tests_of_a_push_approve_register_start_and_release_nothing(delivery: Delivery, build: str) -> None:
    assert results(delivery.build_output("build", build), "test") == DENIED


def test_an_upsert_approves_registers_and_releases_nothing(delivery: Delivery, build: str) -> None:
    own = {"code": "done"}  # it stores the code; of a champion only that there is none yet
    own |= {"parameter": "ValidationException"}  # the pipeline has none for it
    assert results(delivery.build_output("build", build), "upsert") == DENIED | own


def test_a_job_approves_registers_and_releases_nothing(delivery: Delivery, run: dict[str, Any]) -> None:
    name = run["Evaluate"]["Metadata"]["ProcessingJob"]["Arn"].rpartition("/")[2]
    assert delivery.cloud.logs.flush()
    logs, group = delivery.aws("logs"), "/aws/sagemaker/ProcessingJobs"
    (stream,) = logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=name)["logStreams"]
    where = {"logGroupName": group, "logStreamName": stream["logStreamName"], "startFromHead": True}
    log = "\n".join(event["message"] for event in logs.get_log_events(**where)["events"])
    assert results(log, "job") == DENIED | {"archive": "done"}  # under runs/, where jobs write


def test_a_definition_that_registers_an_approved_model_fails(run: dict[str, Any]) -> None:
    assert run["Register"]["StepStatus"] == "Failed"
    assert "is not authorized to perform: sagemaker:CreateModelPackage" in run["Register"]["FailureReason"]
    assert "explicit deny" in run["Register"]["FailureReason"]


def test_a_package_whose_archive_a_job_has_overwritten_is_not_released(
    delivery: Delivery, waiting: str, run: dict[str, Any]
) -> None:
    """Neither does the plan accept it, nor may a model load it, were it deployed already."""
    delivery.approve(waiting)
    (execution,) = delivery.executions("deploy")
    assert delivery.wait_for_end("deploy", execution) == "Failed"
    assert delivery.outcomes("deploy", execution) == {
        **dict.fromkeys(("Source/Source", "Fetch/Fetch"), "Succeeded"),
        "Plan/Plan": "Failed",
    }
    output = delivery.build_output("deploy", execution)
    assert f"is not the one of the package {waiting} that was evaluated and approved" in output
    assert re.search(r"its SHA-256 is \w{12}, not \w{12}; written on [-\d]+ [:\d]+ UTC as version \S+\)", output)
    assert delivery.endpoints() == []
    delivery.approve(waiting, "Rejected")


def test_a_package_that_a_person_creates_as_approved_starts_nothing(
    delivery: Delivery, waiting: str, run: dict[str, Any]
) -> None:
    """The roles' calls are denied; the rule, too, takes only an approval of a package that waited."""
    sagemaker, before = delivery.aws("sagemaker"), delivery.executions("deploy")
    specification = sagemaker.describe_model_package(ModelPackageName=waiting)["InferenceSpecification"]
    created = sagemaker.create_model_package(
        ModelPackageGroupName=GROUP, ModelApprovalStatus="Approved", InferenceSpecification=specification
    )
    edit = {"ModelPackageArn": created["ModelPackageArn"], "CustomerMetadataProperties": {"note": "edited"}}
    sagemaker.update_model_package(**edit)
    delivery.settle()
    packages = sagemaker.list_model_packages(ModelPackageGroupName=GROUP)["ModelPackageSummaryList"]
    approved = [each["ModelPackageArn"] for each in packages if each["ModelApprovalStatus"] == "Approved"]
    assert approved == [created["ModelPackageArn"]]
    assert delivery.executions("deploy") == before
    assert delivery.endpoints() == []


@pytest.fixture(scope="module")
def red(delivery: Delivery, build: str) -> str:
    """A later push, whose tests are red: its code would deploy in a way of its own."""
    edit(delivery, "release/command.py", "\ndef main\\(", '\nprint("the head of the branch")\n\n\ndef main(')
    delivery.checkout.write(*RED)
    before = set(delivery.executions("build"))
    commit, _ = delivery.push("a red one")
    (execution,) = set(delivery.executions("build")) - before
    assert delivery.wait_for_end("build", execution) == "Failed"
    return commit


def test_a_release_runs_the_code_of_its_package_and_not_that_of_a_later_push(
    delivery: Delivery, waiting: str, red: str
) -> None:
    before = delivery.executions("deploy")
    commit = commit_of(delivery, waiting)
    package = Registry(delivery.aws("sagemaker"), delivery.aws("s3"), commit).register()
    delivery.approve(package)
    (execution,) = set(delivery.executions("deploy")) - set(before)
    delivery.answer_approval(execution, "Rejected")
    assert delivery.wait_for_end("deploy", execution) == "Failed"
    output = delivery.build_output("deploy", execution)
    assert f"{package} was made from commit {commit}" in output
    assert "the head of the branch" not in output
    staging = results(output, "staging")
    assert len(staging) == OF_PRODUCTION.count(": lambda: ") + 6
    assert {name: code for name, code in staging.items() if code not in DENIALS} == {}
    assert delivery.live_package("staging") == package


def test_a_package_of_a_commit_with_red_tests_is_not_released(delivery: Delivery, waiting: str, red: str) -> None:
    before = delivery.executions("deploy")
    package = Registry(delivery.aws("sagemaker"), delivery.aws("s3"), red).register()
    delivery.approve(package)
    (execution,) = set(delivery.executions("deploy")) - set(before)
    assert delivery.wait_for_end("deploy", execution) == "Failed"
    assert delivery.outcomes("deploy", execution) == {"Source/Source": "Succeeded", "Fetch/Fetch": "Failed"}
    assert f"was made from commit {red}, of which no green build" in delivery.build_output("deploy", execution)
    assert any("churn-local-fetch failed" in notice for notice in delivery.failures())
