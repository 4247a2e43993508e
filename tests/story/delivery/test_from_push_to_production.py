"""The whole way with nothing left out: a push, real training, two approvals, production; and how all of it goes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.story.delivery.models import BUCKET, GROUP
from tests.story.delivery.office import RED, Office, until

GREEN = (RED[0], RED[1].replace("1 == 2", "1 == 1"))
OVER = ("Succeeded", "Failed", "Stopped")
FOUNDATIONS = ["churn-local-foundation", "churn-staging-foundation", "churn-prod-foundation"]
STACKS = [*FOUNDATIONS, "churn-local-pipelines", "churn-local-schedules"]


def models(office: Office) -> list[str]:
    found = office.aws("sagemaker").list_pipelines()["PipelineSummaries"]
    return [each["PipelineName"] for each in found]


def stacks(office: Office) -> dict[str, str]:
    return {each["StackName"]: each["StackStatus"] for each in office.aws("cloudformation").describe_stacks()["Stacks"]}


def packages(office: Office) -> dict[str, str]:
    listed = office.aws("sagemaker").list_model_packages(ModelPackageGroupName=GROUP)["ModelPackageSummaryList"]
    return {each["ModelPackageArn"]: each["ModelApprovalStatus"] for each in listed}


def test_a_red_test_in_a_commit_makes_no_model_and_somebody_is_told(office: Office) -> None:
    office.checkout.write(*RED)
    _, told = office.push("red")
    (build,) = office.executions("build")
    assert f"started churn-local-build, execution {build}" in told
    assert office.ended("build", build) == "Failed"
    assert office.outcomes("build", build) == {"Source/Source": "Succeeded", "Build/TestAndStart": "Failed"}
    assert "1 failed" in office.told("build", build)
    assert models(office) == []
    assert office.failures() == [("churn-local-build", build)]
    codebuild = office.aws("codebuild")
    (report,) = codebuild.batch_get_reports(reportArns=codebuild.list_reports()["reports"])["reports"]
    assert (report["status"], report["testSummary"]["statusCounts"]["FAILED"]) == ("FAILED", 1)


def test_a_push_of_documents_starts_nothing(office: Office) -> None:
    before = office.executions("build")
    office.checkout.write("docs/notes.txt", "a thought\n")
    office.checkout.write("README.md", "another\n")
    _, told = office.push("documents")
    assert "no pipeline has a trigger for this push" in told
    assert office.executions("build") == before


def recorded_row(office: Office, package: str) -> bytes:
    """What the pipeline kept of the test data, as a customer would send it."""
    known = office.aws("sagemaker").describe_model_package(ModelPackageName=package)["CustomerMetadataProperties"]
    bucket, _, key = known["sample_requests"].removeprefix("s3://").partition("/")
    lines: list[bytes] = office.aws("s3").get_object(Bucket=bucket, Key=key)["Body"].read().splitlines()
    return lines[1] + b"\n"


@pytest.fixture(scope="module")
def commit(office: Office) -> str:
    """It was built, and the SageMaker pipeline that the build started has come to its end."""
    office.checkout.write(*GREEN)
    before = set(office.executions("build"))
    commit, _ = office.push("green")
    (build,) = set(office.executions("build")) - before
    assert office.ended("build", build) == "Succeeded", office.told("build", build)
    return commit


@pytest.fixture(scope="module")
def package(office: Office, commit: str) -> str:
    sagemaker = office.aws("sagemaker")
    (run,) = sagemaker.list_pipeline_executions(PipelineName="churn-local")["PipelineExecutionSummaries"]

    def ended() -> Any:
        told = sagemaker.describe_pipeline_execution(PipelineExecutionArn=run["PipelineExecutionArn"])
        return told["PipelineExecutionStatus"] in OVER and told

    told = until(ended)
    assert told["PipelineExecutionStatus"] == "Succeeded", told
    ((arn, approval),) = packages(office).items()
    assert approval == "PendingManualApproval"
    return arn


def test_a_push_becomes_a_model_that_waits_for_an_approval(office: Office, commit: str, package: str) -> None:
    told = office.aws("sagemaker").describe_model_package(ModelPackageName=package)
    assert told["CustomerMetadataProperties"]["git_commit"] == commit
    assert office.executions("deploy") == []
    assert office.endpoints() == []


def test_an_approval_becomes_a_release_when_another_is_given(office: Office, commit: str, package: str) -> None:
    office.approve(package)
    (execution,) = office.executions("deploy")
    until(lambda: office.questions() or office.status("deploy", execution) != "InProgress")
    assert office.endpoints() == ["churn-staging"]
    (question,) = office.questions()
    for part in ("Release churn/1 to churn-prod? auc 0.", "no champion", commit, "Report: s3://"):
        assert part in question
    office.answer(execution, "Approved")
    assert office.ended("deploy", execution) == "Succeeded", office.told("deploy", execution)
    assert (office.live("staging"), office.live("prod")) == (package, package)
    label, *probabilities = office.ask("prod", recorded_row(office, package)).split(",")
    assert label in ("yes", "no")
    assert all(0 < float(each) < 1 for each in probabilities)
    assert set(packages(office)) == {package}
    assert len(office.failures()) == 1  # that of the red test


def test_bootstrap_again_changes_nothing(office: Office, package: str) -> None:
    pipelines = office.aws("codepipeline").list_pipelines()["pipelines"]
    before = office.executions("build"), office.executions("deploy")
    assert office.bootstrap().count("No changes to deploy") == len(STACKS)
    assert stacks(office) == dict.fromkeys(STACKS, "CREATE_COMPLETE")
    assert office.aws("codepipeline").list_pipelines()["pipelines"] == pipelines
    assert (office.executions("build"), office.executions("deploy")) == before
    assert office.live("prod") == package


def left(office: Office) -> list[str]:
    """Everything of ours that could cost something, or be in the way of a new beginning."""
    aws = office.aws
    queues = (url.rpartition("/")[2] for url in aws("sqs").list_queues().get("QueueUrls", []))
    scaled = aws("application-autoscaling").describe_scalable_targets(ServiceNamespace="sagemaker")
    found = [
        *office.endpoints(),
        *(each["EndpointConfigName"] for each in aws("sagemaker").list_endpoint_configs()["EndpointConfigs"]),
        *(each["ModelName"] for each in aws("sagemaker").list_models()["Models"]),
        *models(office),
        *stacks(office),
        *(each["Name"] for each in aws("s3").list_buckets()["Buckets"]),
        *(name for name in queues if name != "mailbox"),
        *(each["TopicArn"] for each in aws("sns").list_topics()["Topics"]),
        *(each["AlarmName"] for each in aws("cloudwatch").describe_alarms()["MetricAlarms"]),
        *(each["ResourceId"] for each in scaled["ScalableTargets"]),
        *(each["Name"] for each in aws("events").list_rules()["Rules"]),
        *(each["name"] for each in aws("codepipeline").list_pipelines()["pipelines"]),
        *aws("codebuild").list_projects()["projects"],
        *aws("codebuild").list_report_groups()["reportGroups"],
        *(each["repositoryName"] for each in aws("ecr").describe_repositories()["repositories"]),
        *(each["RoleName"] for each in aws("iam").list_roles()["Roles"]),
        *(each["logGroupName"] for each in aws("logs").describe_log_groups()["logGroups"]),
    ]
    return [name for name in found if not name.startswith("/aws/sagemaker/")]


def test_teardown_removes_everything_and_the_next_one_says_that_nothing_is_there(office: Office, package: str) -> None:
    assert {"churn-prod", BUCKET, "endpoint/churn-prod/variant/AllTraffic", *STACKS} <= set(left(office))
    refused = office.run("codepipeline.teardown", "--env", "local")
    assert refused.returncode == 2
    assert "--yes" in refused.stderr
    done = office.run("codepipeline.teardown", "--env", "local", "--yes")
    assert not done.returncode, done.stdout + done.stderr
    assert left(office) == []
    assert {f"removed stack {name}" for name in STACKS} <= set(done.stdout.splitlines())
    assert "what is left, and what it costs" in done.stdout
    again = office.run("codepipeline.teardown", "--env", "local", "--yes")
    assert not again.returncode, again.stdout + again.stderr
    assert again.stdout.count("nothing to delete") == 4  # three endpoints and the SageMaker pipeline
    assert not [line for line in again.stdout.splitlines() if line.startswith("removed")]
