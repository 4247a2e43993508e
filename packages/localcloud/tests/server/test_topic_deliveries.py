"""A topic's message reaches a queue only if the queue's policy allows it, and that of its key."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.roles
SNS = {"Service": "sns.amazonaws.com"}


@pytest.fixture
def services() -> list[Any]:
    return []


@pytest.fixture
def topic(cloud: Any) -> str:
    return str(cloud.client("sns").create_topic(Name="t")["TopicArn"])


@pytest.fixture
def deliver(cloud: Any, topic: str, drain: Callable[[str], list[Any]]) -> Callable[..., int]:
    """Publishes to a queue with this policy; returns how many messages arrive."""

    def publish(statement: dict[str, Any] | None = None, **attributes: str) -> int:
        if statement:
            statements = [{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*", **statement}]
            attributes["Policy"] = json.dumps({"Version": "2012-10-17", "Statement": statements})
        cloud.client("sqs").create_queue(QueueName="q", Attributes=attributes)
        cloud.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=cloud.arn("sqs", "q"))
        cloud.client("sns").publish(TopicArn=topic, Message="m")
        return len(drain("q"))

    return publish


def test_without_a_policy_nothing_arrives_and_the_denial_is_recorded(cloud: Any, deliver: Callable[..., int]) -> None:
    assert deliver() == 0
    (denial,) = cloud.access.denials
    assert denial.sentence.startswith("User: sns.amazonaws.com is not authorized to perform: sqs:SendMessage")


def test_the_topic_may_be_named(cloud: Any, topic: str, deliver: Callable[..., int]) -> None:
    assert deliver({"Principal": SNS, "Condition": {"ArnEquals": {"aws:SourceArn": topic}}}) == 1


def test_another_topic_does_not_help(cloud: Any, deliver: Callable[..., int]) -> None:
    other = cloud.arn("sns", "other")
    assert deliver({"Principal": SNS, "Condition": {"ArnEquals": {"aws:SourceArn": other}}}) == 0


@pytest.mark.parametrize("allowed", [False, True])
def test_the_key_of_the_queue_decides_too(cloud: Any, deliver: Callable[..., int], allowed: bool) -> None:
    uses = {"Effect": "Allow", "Principal": SNS, "Action": ["kms:GenerateDataKey", "kms:Decrypt"], "Resource": "*"}
    root = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{cloud.account}:root"}, "Action": "kms:*"}
    policy = {"Version": "2012-10-17", "Statement": [{**root, "Resource": "*"}, *([uses] if allowed else [])]}
    key = cloud.client("kms").create_key(Policy=json.dumps(policy))["KeyMetadata"]["KeyId"]
    assert deliver({"Principal": SNS}, KmsMasterKeyId=key) == int(allowed)
