"""The whole way: a push, real training, two approvals, production; and the teardown of all of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.story.delivery.delivery import RED, Delivery, wait_until
from tests.story.delivery.models import BUCKET, GROUP
from tests.story.permissions import record

pytestmark = pytest.mark.roles

GREEN = (RED[0], RED[1].replace("1 == 2", "1 == 1"))
OVER = ("Succeeded", "Failed", "Stopped")
FOUNDATIONS = ["churn-local-foundation", "churn-staging-foundation", "churn-prod-foundation"]
OF_A_DELIVERY = ("build", "release-staging", "release-production", "deploy", "notices", "schedules")
STACKS = [*FOUNDATIONS, *(f"churn-local-{name}" for name in OF_A_DELIVERY)]


def models(delivery: Delivery) -> list[str]:
    pipelines = delivery.aws("sagemaker").list_pipelines()["PipelineSummaries"]
    return [each["PipelineName"] for each in pipelines]


def stacks(delivery: Delivery) -> dict[str, str]:
    return {
        each["StackName"]: each["StackStatus"] for each in delivery.aws("cloudformation").describe_stacks()["Stacks"]
    }


def packages(delivery: Delivery) -> dict[str, str]:
    listed = delivery.aws("sagemaker").list_model_packages(ModelPackageGroupName=GROUP)["ModelPackageSummaryList"]
    return {each["ModelPackageArn"]: each["ModelApprovalStatus"] for each in listed}


def test_a_red_test_in_a_commit_makes_no_model_and_people_are_notified(delivery: Delivery) -> None:
    delivery.checkout.write(*RED)
    _, output = delivery.push("red")
    (build,) = delivery.executions("build")
    assert f"started churn-local-build, execution {build}" in output
    assert delivery.wait_for_end("build", build) == "Failed"
    assert delivery.outcomes("build", build) == {"Source/Source": "Succeeded", "Test/Test": "Failed"}
    assert "1 failed" in delivery.build_output("build", build)
    assert models(delivery) == []
    (notice,) = delivery.failures()
    for part in ("of churn-local-test failed, for codepipeline/churn-local-build", "executing command: make test"):
        assert part in notice
    codebuild = delivery.aws("codebuild")
    (report,) = codebuild.batch_get_reports(reportArns=codebuild.list_reports()["reports"])["reports"]
    assert (report["status"], report["testSummary"]["statusCounts"]["FAILED"]) == ("FAILED", 1)


def test_a_push_of_documents_starts_nothing(delivery: Delivery) -> None:
    before = delivery.executions("build")
    delivery.checkout.write("docs/notes.txt", "a note\n")
    delivery.checkout.write("README.md", "another note\n")
    _, output = delivery.push("documents")
    assert "no pipeline has a trigger for this push" in output
    assert delivery.executions("build") == before


def recorded_row(delivery: Delivery, package: str) -> bytes:
    """A row that the pipeline recorded of the test data, as a customer would send it."""
    description = delivery.aws("sagemaker").describe_model_package(ModelPackageName=package)
    bucket, _, key = description["CustomerMetadataProperties"]["sample_requests"].removeprefix("s3://").partition("/")
    lines: list[bytes] = delivery.aws("s3").get_object(Bucket=bucket, Key=key)["Body"].read().splitlines()
    return lines[1] + b"\n"


@pytest.fixture(scope="module")
def commit(delivery: Delivery) -> str:
    """A commit that was built."""
    delivery.checkout.write(*GREEN)
    before = set(delivery.executions("build"))
    commit, _ = delivery.push("green")
    (build,) = set(delivery.executions("build")) - before
    assert delivery.wait_for_end("build", build) == "Succeeded", delivery.build_output("build", build)
    return commit


@pytest.fixture(scope="module")
def package(delivery: Delivery, commit: str) -> str:
    sagemaker = delivery.aws("sagemaker")
    (run,) = sagemaker.list_pipeline_executions(PipelineName="churn-local")["PipelineExecutionSummaries"]

    def finished() -> Any:
        execution = sagemaker.describe_pipeline_execution(PipelineExecutionArn=run["PipelineExecutionArn"])
        return execution["PipelineExecutionStatus"] in OVER and execution

    execution = wait_until(finished)
    assert execution["PipelineExecutionStatus"] == "Succeeded", execution
    ((arn, approval),) = packages(delivery).items()
    assert approval == "PendingManualApproval"
    return arn


def stored_sources(delivery: Delivery) -> list[str]:
    """The sources of green builds."""
    listed = delivery.aws("s3").list_objects_v2(Bucket=BUCKET, Prefix="churn/tested/")
    return [each["Key"] for each in listed["Contents"] if not each["Key"].endswith("start.zip")]


def test_a_push_becomes_a_model_that_waits_for_an_approval(delivery: Delivery, commit: str, package: str) -> None:
    description = delivery.aws("sagemaker").describe_model_package(ModelPackageName=package)
    assert description["CustomerMetadataProperties"]["git_commit"] == commit
    assert stored_sources(delivery) == [f"churn/tested/{commit}.tar.gz"]  # and not that of the red one
    assert delivery.executions("deploy") == []
    assert delivery.endpoints() == []


def champion(delivery: Delivery) -> Any:
    response = delivery.aws("s3").get_object(Bucket=BUCKET, Key="churn/champion/evaluation.json")
    return json.loads(response["Body"].read())


def test_an_approval_becomes_a_release_after_a_second_approval(delivery: Delivery, commit: str, package: str) -> None:
    delivery.approve(package)
    (execution,) = delivery.executions("deploy")
    wait_until(lambda: delivery.approval_requests() or delivery.status("deploy", execution) != "InProgress")
    assert delivery.endpoints() == ["churn-staging"]
    (question,) = delivery.approval_requests()
    for part in ("Release churn/1 to churn-prod? auc 0.", "no champion", commit, "Report: s3://"):
        assert part in question
    assert champion(delivery) == {"champion": "none"}  # which is production's, not staging's
    delivery.answer_approval(execution, "Approved")
    assert delivery.wait_for_end("deploy", execution) == "Succeeded", delivery.build_output("deploy", execution)
    assert (delivery.live_package("staging"), delivery.live_package("prod")) == (package, package)
    assert champion(delivery)["gate"]["metric"] == "auc"
    label, *probabilities = delivery.invoke("prod", recorded_row(delivery, package)).split(",")
    assert label in ("yes", "no")
    assert all(0 < float(each) < 1 for each in probabilities)
    assert set(packages(delivery)) == {package}
    assert len(delivery.failures()) == 1  # that of the red test


def test_bootstrap_again_changes_nothing(delivery: Delivery, package: str) -> None:
    pipelines = delivery.aws("codepipeline").list_pipelines()["pipelines"]
    before = delivery.executions("build"), delivery.executions("deploy")
    assert delivery.bootstrap().count("No changes to deploy") == len(STACKS)
    assert stacks(delivery) == dict.fromkeys(STACKS, "CREATE_COMPLETE")
    assert delivery.aws("codepipeline").list_pipelines()["pipelines"] == pipelines
    assert (delivery.executions("build"), delivery.executions("deploy")) == before
    assert delivery.live_package("prod") == package


def remaining(delivery: Delivery) -> list[str]:
    """Every resource of the project that could cost something, or be in the way of a new bootstrap.

    The role that AWS links to autoscaling stays: it is the account's, as all projects of the account use it.
    """
    aws = delivery.aws
    roles = [each for each in aws("iam").list_roles()["Roles"] if not each["Path"].startswith("/aws-service-role/")]
    queues = (url.rpartition("/")[2] for url in aws("sqs").list_queues().get("QueueUrls", []))
    scaled = aws("application-autoscaling").describe_scalable_targets(ServiceNamespace="sagemaker")
    names = [
        *delivery.endpoints(),
        *(each["EndpointConfigName"] for each in aws("sagemaker").list_endpoint_configs()["EndpointConfigs"]),
        *(each["ModelName"] for each in aws("sagemaker").list_models()["Models"]),
        *models(delivery),
        *stacks(delivery),
        *(each["Name"] for each in aws("s3").list_buckets()["Buckets"]),
        *(name for name in queues if name != "mailbox"),
        *(each["TopicArn"] for each in aws("sns").list_topics()["Topics"]),
        *(each["AlarmName"] for each in aws("cloudwatch").describe_alarms()["MetricAlarms"]),
        *(each["DashboardName"] for each in aws("cloudwatch").list_dashboards()["DashboardEntries"]),
        *(each["ResourceId"] for each in scaled["ScalableTargets"]),
        *(each["Name"] for each in aws("events").list_rules()["Rules"]),
        *(each["name"] for each in aws("codepipeline").list_pipelines()["pipelines"]),
        *aws("codebuild").list_projects()["projects"],
        *aws("codebuild").list_report_groups()["reportGroups"],
        *(each["repositoryName"] for each in aws("ecr").describe_repositories()["repositories"]),
        *(each["RoleName"] for each in roles),
        *(each["logGroupName"] for each in aws("logs").describe_log_groups()["logGroups"]),
    ]
    return [name for name in names if not name.startswith("/aws/sagemaker/")]


def test_teardown_removes_everything_and_a_second_one_finds_nothing(delivery: Delivery, package: str) -> None:
    assert {"churn-prod", BUCKET, "endpoint/churn-prod/variant/AllTraffic", *STACKS} <= set(remaining(delivery))
    record(delivery.cloud, __name__)
    refused = delivery.run("codepipeline.teardown", "--env", "local")
    assert refused.returncode == 2
    assert "--yes" in refused.stderr
    done = delivery.run("codepipeline.teardown", "--env", "local", "--yes")
    assert not done.returncode, done.stdout + done.stderr
    assert remaining(delivery) == []
    assert {f"removed stack {name}" for name in STACKS} <= set(done.stdout.splitlines())
    assert "what is left, and what it costs" in done.stdout
    again = delivery.run("codepipeline.teardown", "--env", "local", "--yes")
    assert not again.returncode, again.stdout + again.stderr
    assert again.stdout.count("nothing to delete") == 4  # three endpoints and the SageMaker pipeline
    assert not [line for line in again.stdout.splitlines() if line.startswith("removed")]
