"""What can go wrong after the approval: the model fails real customers, or the deploy pipeline is gone."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from tests.story.delivery.delivery import Delivery, wait_until
from tests.story.delivery.models import NEWEST

pytestmark = pytest.mark.roles

ROW = f"41,{NEWEST}\n".encode()


@pytest.fixture(scope="module")
def good(delivery: Delivery) -> str:
    """A version that is live in production. Bakes are long from here on: an alarm ends them early."""
    local = delivery.checkout.config / "local.toml"
    local.write_text(local.read_text().replace("\nwait_seconds = 180\n", "\nwait_seconds = 1800\n"))
    package = delivery.registry().register()
    delivery.approve_without_event(package)
    done = delivery.run("codepipeline.deploy", "--env", "prod+local", "--package", package)
    assert not done.returncode, done.stdout + done.stderr
    return package


@contextmanager
def customers(delivery: Delivery) -> Iterator[Counter[str]]:
    """Clients of production, all with the newest plan."""
    counts: Counter[str] = Counter()
    stop = threading.Event()
    runtime = delivery.aws("sagemaker-runtime")

    def send_requests() -> None:
        while not stop.wait(0.02):
            try:
                counts[delivery.invoke("prod", ROW)] += 1
            except runtime.exceptions.ModelError:
                counts["failed"] += 1

    threads = [threading.Thread(target=send_requests) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        yield counts
    finally:
        stop.set()
        for thread in threads:
            thread.join()


@pytest.fixture(scope="module")
def rolled_back(delivery: Delivery, good: str) -> tuple[str, str, Counter[str]]:
    """A version that failed customers, the execution that released it, and what customers saw."""
    bad = delivery.registry().register(failing=True)
    delivery.approve(bad)
    (execution,) = delivery.executions("deploy")
    with customers(delivery) as counts:
        delivery.answer_approval(execution, "Approved")
        assert delivery.wait_for_end("deploy", execution) == "Failed"
    return bad, execution, counts


def test_a_model_that_fails_customers_is_rolled_back_and_people_are_notified(
    delivery: Delivery, good: str, rolled_back: tuple[str, str, Counter[str]]
) -> None:
    bad, execution, counts = rolled_back
    outcomes = delivery.outcomes("deploy", execution)
    assert (outcomes["Staging/Deploy"], outcomes["Staging/Smoke"]) == ("Succeeded", "Succeeded")
    assert outcomes["Production/Deploy"] == "Failed"
    assert "Production/Verify" not in outcomes
    assert "rolled back: alarm churn-prod-" in delivery.build_output("deploy", execution)
    assert (delivery.live_package("staging"), delivery.live_package("prod")) == (bad, good)
    assert delivery.invoke("prod", ROW) == "yes,0.01"
    assert 0 < counts["failed"] < counts["yes,0.01"]
    assert set(counts) == {"failed", "yes,0.01"}
    (failure,) = delivery.failures()
    assert "for codepipeline/churn-local-deploy" in failure
    assert "# rolled back, the model before serves again" in failure
    (notice,) = (text for text in delivery.messages() if "verdict  rolled back" in text)
    for part in (
        "what     release of churn/2, started on 2",
        "why      alarm churn-prod-",
        "endpoint churn-prod, account",
    ):
        assert part in notice
    assert "churn-prod-5xx-rate" in delivery.alarms()
    assert f'python -m codepipeline.deploy --env prod+local --package {bad} --accept "reason"' in notice


def retry_production(delivery: Delivery, execution: str) -> str:
    """Retries what failed; returns how the execution ends."""
    names = {"pipelineName": "churn-local-deploy", "stageName": "Production", "pipelineExecutionId": execution}
    delivery.aws("codepipeline").retry_stage_execution(**names, retryMode="FAILED_ACTIONS")
    return delivery.wait_for_end("deploy", execution)


@pytest.mark.planted
def test_a_retried_stage_repeats_the_verdict_until_a_person_accepts_it(
    delivery: Delivery, good: str, rolled_back: tuple[str, str, Counter[str]]
) -> None:
    bad, execution, _ = rolled_back
    before = delivery.aws("sagemaker").describe_endpoint(EndpointName="churn-prod")["LastModifiedTime"]
    assert retry_production(delivery, execution) == "Failed"
    assert "stands, and nothing was changed" in delivery.build_output("deploy", execution)
    assert delivery.live_package("prod") == good
    assert delivery.aws("sagemaker").describe_endpoint(EndpointName="churn-prod")["LastModifiedTime"] == before
    words = ("--env", "prod+local", "--package", bad, "--accept", "nobody has that plan any more")
    done = delivery.run("codepipeline.deploy", *words)
    assert not done.returncode, done.stdout + done.stderr
    assert retry_production(delivery, execution) == "Succeeded", delivery.build_output("deploy", execution)
    assert delivery.live_package("prod") == bad


def test_an_approval_without_a_pipeline_goes_to_the_dead_letter_queue_and_raises_its_alarm(
    delivery: Delivery, good: str
) -> None:
    cloudwatch, sqs = delivery.aws("cloudwatch"), delivery.aws("sqs")
    package = delivery.registry().register()
    request = {"AlarmNames": ["churn-local-dead-letters"]}
    delivery.aws("codepipeline").delete_pipeline(name="churn-local-deploy")
    delivery.cloud.faults.throttle("codepipeline.StartPipelineExecution", times=2)  # which is retried
    assert cloudwatch.describe_alarms(**request)["MetricAlarms"][0]["StateValue"] == "OK"
    delivery.approve(package)
    url = sqs.get_queue_url(QueueName="churn-local-dead-letters")["QueueUrl"]
    alarm = wait_until(lambda: cloudwatch.describe_alarms(**request, StateValue="ALARM")["MetricAlarms"])[0]
    assert alarm["AlarmActions"] == [delivery.cloud.arn("sns", "churn-local")]
    (letter,) = sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"])["Messages"]
    attributes = {name: each["StringValue"] for name, each in letter["MessageAttributes"].items()}
    assert json.loads(letter["Body"])["detail"]["ModelPackageArn"] == package
    assert attributes["RULE_ARN"].endswith("rule/churn-local-approved")
    assert (attributes["ERROR_CODE"], attributes["RETRY_ATTEMPTS"]) == ("NO_RESOURCE", "2")
    wait_until(lambda: "churn-local-dead-letters" in delivery.alarms())
    assert package not in (delivery.live_package("staging"), delivery.live_package("prod"))


def test_a_schedule_that_cannot_start_the_pipeline_leaves_a_letter_with_the_keys_of_its_role(
    delivery: Delivery, good: str
) -> None:
    aws, cloud = delivery.aws, delivery.cloud
    url = aws("sqs").get_queue_url(QueueName="churn-local-dead-letters")["QueueUrl"]
    start = {"PipelineName": "churn-local", "ClientRequestToken": "a-schedule-of-the-story-" + "0" * 16}
    aws("scheduler").create_schedule(
        Name="soon",
        GroupName="churn-local",
        ScheduleExpression=f"at({cloud.clock.now() + timedelta(minutes=2):%Y-%m-%dT%H:%M:%S})",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={
            "Arn": "arn:aws:scheduler:::aws-sdk:sagemaker:startPipelineExecution",
            "RoleArn": aws("iam").get_role(RoleName="churn-local-schedules")["Role"]["Arn"],
            "Input": json.dumps(start),
            "RetryPolicy": {"MaximumRetryAttempts": 0},
            "DeadLetterConfig": {"Arn": cloud.arn("sqs", "churn-local-dead-letters")},
        },
    )
    (letter,) = wait_until(lambda: aws("sqs").receive_message(QueueUrl=url).get("Messages"))
    assert json.loads(letter["Body"]) == start
