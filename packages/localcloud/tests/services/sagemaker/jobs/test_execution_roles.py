"""Jobs act in a session of their execution role: their processes, and what SageMaker reads and writes for them."""

from __future__ import annotations

import shlex
import sys
from typing import Any

import pytest
from botocore.exceptions import ClientError
from support.roles import create_role

pytestmark = pytest.mark.roles
SERVICE = "sagemaker.amazonaws.com"
LOGS = ("logs:*",)
READ, WRITE, LIST = ("s3:GetObject",), ("s3:PutObject",), ("s3:ListBucket",)
METRICS = ("cloudwatch:PutMetricData",)
XGBOOST = "141502667606.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-xgboost:3.0-5"
PULL = ("ecr:GetAuthorizationToken", "ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer")


@pytest.fixture
def services() -> list[Any]:
    from localcloud.services.sagemaker.service import SageMaker
    from localcloud.services.sts.service import Sts

    return [SageMaker, Sts]


@pytest.fixture
def role(aws: Any) -> Any:
    """Creates the jobs' role with these permissions."""
    return lambda *statements: create_role(aws("iam"), "churn-dev", SERVICE, *statements)


def test_a_script_runs_under_the_role_of_its_job(role: Any, jobs: Any) -> None:
    role(LOGS)
    code = 'import boto3; print(boto3.client("sts").get_caller_identity()["Arn"])'
    jobs.processing(f"{sys.executable} -c {shlex.quote(code)}")
    assert jobs.over()["ProcessingJobStatus"] == "Completed"
    assert jobs.lines() == {"job/algo-1": ["arn:aws:sts::000000000000:assumed-role/churn-dev/SageMaker"]}


def test_a_script_can_do_what_its_role_allows_and_no_more(role: Any, jobs: Any) -> None:
    role(LOGS, LIST, (*READ, "on", "arn:aws:s3:::bucket/open/*", "arn:aws:s3:::bucket/code/*"))
    jobs.put("open/a", b"readable")
    jobs.put("secret/a")
    read = "import boto3, sys; print(boto3.client('s3').get_object(Bucket='bucket', Key=sys.argv[1])['Body'].read())"
    jobs.put("code/read.py", read.encode())
    script = f"for key in open/a secret/a; do {sys.executable} /opt/ml/processing/code/read.py $key; done"
    jobs.processing(script, ProcessingInputs=[jobs.source("code", "s3://bucket/code/")])
    assert jobs.over()["ProcessingJobStatus"] == "Failed"
    lines = jobs.lines()["job/algo-1"]
    assert lines[0] == "b'readable'"
    assert "AccessDenied" in lines[-1]


def test_the_keys_of_a_job_end_with_it(role: Any, jobs: Any) -> None:
    role(LOGS)
    jobs.processing('echo "$AWS_CONTAINER_AUTHORIZATION_TOKEN"')
    jobs.over()
    ((token,),) = jobs.lines().values()
    assert (len(token) > 20, jobs.cloud.process_keys.fetch(token)) == (True, None)


def test_a_role_that_does_not_trust_sagemaker_is_refused(aws: Any, jobs: Any) -> None:
    create_role(aws("iam"), "churn-dev", "codebuild.amazonaws.com", LOGS)
    role = "arn:aws:iam::000000000000:role/churn-dev"
    sentence = f"Could not assume role {role}. Please ensure that the role exists and allows principal '{SERVICE}'"
    for create in (jobs.processing, jobs.training):
        with pytest.raises(ClientError, match=sentence):
            create("true")


def test_a_job_that_may_not_write_its_log_runs_without_one(role: Any, jobs: Any) -> None:
    role(("logs:CreateLogGroup", "logs:CreateLogStream"))
    jobs.processing("echo line")
    assert jobs.over()["ProcessingJobStatus"] == "Completed"
    assert jobs.cloud.logs.flush()
    assert jobs.cloud.client("logs").describe_log_groups()["logGroups"] == []


@pytest.mark.parametrize("allowed", [(READ,), (LIST,)], ids=["not list", "not read"])
def test_an_input_that_the_role_may_not_read_fails_the_job(role: Any, jobs: Any, allowed: Any) -> None:
    role(LOGS, *allowed)
    jobs.put("in/a")
    jobs.processing("true", ProcessingInputs=[jobs.source("in", "s3://bucket/in/")])
    job = jobs.over()
    assert job["ProcessingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("ClientError: Cannot ")
    assert "AccessDenied" in job["FailureReason"]


def test_an_input_that_another_job_has_read_is_not_read_by_a_role_that_may_not(aws: Any, role: Any, jobs: Any) -> None:
    role(LOGS, LIST, READ)
    other = create_role(aws("iam"), "other", SERVICE, LOGS, LIST)
    jobs.put("in/a")
    source = [jobs.source("in", "s3://bucket/in/")]
    jobs.processing("true", "first", ProcessingInputs=source)
    assert jobs.over(name="first")["ProcessingJobStatus"] == "Completed"
    jobs.processing("true", "second", ProcessingInputs=source, RoleArn=other)
    assert "Cannot read s3://bucket/in/a: AccessDenied" in jobs.over(name="second")["FailureReason"]


def test_an_output_that_the_role_may_not_write_fails_the_job(role: Any, jobs: Any) -> None:
    role(LOGS)
    jobs.processing("touch /opt/ml/processing/out/a", ProcessingOutputConfig=jobs.target("out"))
    job = jobs.over()
    assert job["ProcessingJobStatus"] == "Failed"
    assert "Cannot write s3://bucket/out/a: AccessDenied" in job["FailureReason"]


def test_training_data_that_the_role_may_not_list_is_refused(role: Any, jobs: Any) -> None:
    role(LOGS, READ)
    jobs.put("train/a")
    with pytest.raises(
        ClientError, match=r'the role ".*role/churn-dev" has "s3:ListBucket" permissions on bucket "bucket"'
    ):
        jobs.training("true", InputDataConfig=[jobs.channel("train", "s3://bucket/train/")])


@pytest.mark.parametrize("published", [True, False])
def test_metrics_are_published_as_far_as_the_role_may(role: Any, jobs: Any, published: bool) -> None:
    role(LOGS, WRITE, *([METRICS] if published else []))
    jobs.training("echo loss=0.5", metrics=[("loss", r"loss=(\S+)")])
    job = jobs.over("Training")
    assert [each["MetricName"] for each in job["FinalMetricDataList"]] == ["loss"]
    assert [metric.name for metric in jobs.cloud.metrics.recent if metric.name == "loss"] == ["loss"] * published


@pytest.mark.parametrize("lacking", [*PULL, "ecr:BatchGetImage"])
def test_an_image_that_the_role_may_not_pull_fails_the_job(role: Any, jobs: Any, lacking: str) -> None:
    role(LOGS, tuple(action for action in (*PULL, "ecr:BatchGetImage") if action != lacking))
    jobs.processing("true", AppSpecification={"ImageUri": XGBOOST, "ContainerEntrypoint": ["true"]})
    reason = "ClientError: Cannot pull algorithm container. Either the image does not exist or its permissions are"
    assert jobs.over()["FailureReason"].startswith(reason)


def test_an_image_of_aws_can_be_pulled_by_a_role_that_may(role: Any, jobs: Any) -> None:
    registry = "arn:aws:ecr:eu-west-1:141502667606:repository/sagemaker-xgboost"
    role(LOGS, (PULL[0],), (*PULL[1:], "ecr:BatchGetImage", "on", registry))
    jobs.processing("true", AppSpecification={"ImageUri": XGBOOST, "ContainerEntrypoint": ["true"]})
    assert jobs.over()["ProcessingJobStatus"] == "Completed"
