"""A schedule calls its target and its dead-letter queue under the target's role."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from support.policies import allow

pytestmark = pytest.mark.roles
ROLE = "arn:aws:iam::000000000000:role/r"
SCHEDULER = "scheduler.amazonaws.com"


def group(cloud: Any, name: str = "default") -> str:
    return str(cloud.arn("scheduler", f"schedule-group/{name}"))


@pytest.mark.parametrize("service", ["sqs", "sns", "events", "sagemaker", "codepipeline", "codebuild"])
def test_every_target_is_called_under_the_role(
    cloud: Any, schedule: Callable[..., str], queue: Any, step: Any, access: Any, service: str
) -> None:
    arns = {
        "sqs": queue("q"),
        "sns": cloud.client("sns").create_topic(Name="t")["TopicArn"],
        "events": cloud.arn("events", "event-bus/default"),
        "sagemaker": cloud.arn("sagemaker", "pipeline/churn"),
        "codepipeline": cloud.arn("codepipeline", "release"),
        "codebuild": cloud.arn("codebuild", "project/app"),
    }
    bus = {"EventBridgeParameters": {"Source": "shop", "DetailType": "tick"}, "Input": "{}"}
    schedule("s", arns[service], target=bus if service == "events" else {})
    step(1)
    assert access.clients == [(ROLE, "", service)]
    assert access.sessions == {ROLE: (SCHEDULER, group(cloud))}


def test_a_universal_target_is_called_under_the_role(
    cloud: Any, schedule: Callable[..., str], step: Any, access: Any
) -> None:
    target = {"Input": '{"PipelineName": "churn"}'}
    schedule("s", "arn:aws:scheduler:::aws-sdk:sagemaker:startPipelineExecution", target=target)
    step(1)
    assert access.clients == [(ROLE, "", "sagemaker")]
    assert len(cloud.services["sagemaker"].requests) == 1


def test_dead_letters_are_sent_under_the_role(
    cloud: Any, schedule: Callable[..., str], queue: Any, step: Any, drain: Any, access: Any
) -> None:
    schedule("s", cloud.arn("sqs", "gone"), target={"DeadLetterConfig": {"Arn": queue("dead")}})
    step(1)
    assert len(drain("dead")) == 1
    assert access.clients == [(ROLE, "", "sqs"), (ROLE, "", "sqs")]


def test_the_role_must_trust_scheduler_for_the_group(
    cloud: Any, scheduler: Any, schedule: Callable[..., str], queue: Any, refused: Any, access: Any
) -> None:
    scheduler.create_schedule_group(Name="nightly")
    access.untrusting = {ROLE}
    sentence = refused(schedule, "ValidationException", name="s", arn=queue("q"), GroupName="nightly")
    assert sentence == "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."
    assert access.sessions == {ROLE: (SCHEDULER, group(cloud, "nightly"))}


def test_a_role_that_no_longer_trusts_scheduler_loses_the_dead_letter_too(
    schedule: Callable[..., str], queue: Any, step: Any, drain: Any, access: Any, cloud: Any
) -> None:
    schedule("s", queue("q"), target={"DeadLetterConfig": {"Arn": queue("dead")}})
    access.untrusting = {ROLE}
    step(1)
    assert drain("q") == drain("dead") == []
    names = [datum.name for datum in cloud.metrics.recent]
    assert "InvocationsFailedToBeSentToDeadLetterCount" in names


@pytest.mark.parametrize("source", ["schedule-group/default", "schedule-group/other"])
def test_the_role_must_trust_scheduler_for_the_group_of_the_schedule(
    cloud: Any, schedule: Callable[..., str], queue: Any, step: Any, drain: Any, create_role: Any, source: str
) -> None:
    from botocore.exceptions import ClientError

    condition = {"ArnEquals": {"aws:SourceArn": cloud.arn("scheduler", source)}}
    trust = {"Principal": {"Service": SCHEDULER}, "Condition": condition}
    target = {"RoleArn": create_role("send", allow("sqs:SendMessage", resource=cloud.arn("sqs", "q")), trust=trust)}
    if source.endswith("other"):
        with pytest.raises(ClientError, match="must allow AWS EventBridge Scheduler to assume the role"):
            schedule("s", queue("q"), target=target)
        return
    schedule("s", queue("q"), target=target)
    step(1)
    assert len(drain("q")) == 1


def test_the_role_decides_about_the_target_and_the_dead_letter(
    cloud: Any, schedule: Callable[..., str], queue: Any, step: Any, drain: Any, create_role: Any
) -> None:
    trust = {"Principal": {"Service": SCHEDULER}}
    role = create_role("send", allow("sqs:SendMessage", resource=cloud.arn("sqs", "dead")), trust=trust)
    schedule("s", queue("q"), target={"RoleArn": role, "DeadLetterConfig": {"Arn": queue("dead")}})
    step(1)
    assert drain("q") == []
    (letter,) = drain("dead")
    message = letter["MessageAttributes"]["ERROR_MESSAGE"]["StringValue"]
    assert "is not authorized to perform: sqs:SendMessage" in message
    assert "because no identity-based policy allows" in message
