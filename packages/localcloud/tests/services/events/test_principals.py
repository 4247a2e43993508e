"""As whom EventBridge calls a target: its role, or the service itself for the rule."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from support.policies import allow, document

pytestmark = pytest.mark.roles
ROLE = "arn:aws:iam::000000000000:role/r"
EVENTS = "events.amazonaws.com"


@pytest.fixture
def services() -> list[Any]:
    from localcloud.core.service import Service, operation
    from localcloud.services.events.service import Events

    class SageMaker(Service):
        name = "sagemaker"

        @operation("StartPipelineExecution")
        def start_pipeline_execution(self, _: dict[str, Any]) -> dict[str, Any]:
            return {"PipelineExecutionArn": self.cloud.arn("sagemaker", "pipeline/churn/execution/abcdefghijkl")}

    return [Events, SageMaker]


@pytest.fixture
def group(cloud: Any) -> str:
    cloud.client("logs").create_log_group(logGroupName="/events/shop")
    return str(cloud.arn("logs", "log-group:/events/shop"))


def test_a_target_with_a_role_is_called_under_it(
    cloud: Any, rule: Callable[..., str], put: Any, settle: Any, access: Any
) -> None:
    arn = rule("r", {"Arn": cloud.arn("sagemaker", "pipeline/churn"), "RoleArn": ROLE})
    put()
    settle()
    assert access.sessions == {ROLE: (EVENTS, arn)}
    assert access.clients == [(ROLE, "", "sagemaker")]


def test_queues_and_topics_are_called_in_the_name_of_the_rule(
    cloud: Any, rule: Callable[..., str], put: Any, settle: Any, queue: Any, access: Any
) -> None:
    topic = cloud.client("sns").create_topic(Name="t")["TopicArn"]
    arn = rule("r", queue("q"), topic)
    put()
    settle()
    assert sorted(access.clients) == [(EVENTS, arn, "sns"), (EVENTS, arn, "sqs")]
    assert access.sessions == {}


def test_a_log_group_decides_about_the_stream_and_the_event(
    cloud: Any, rule: Callable[..., str], put: Any, settle: Any, access: Any, group: str
) -> None:
    rule("r", group)
    put()
    settle()
    assert [(who, call) for who, call, _ in access.decisions] == [
        (EVENTS, "logs.CreateLogStream"),
        (EVENTS, "logs.PutLogEvents"),
    ]
    assert {request["logGroupName"] for *_, request in access.decisions} == {"/events/shop"}


@pytest.mark.parametrize("denied", ["logs.CreateLogStream", "logs.PutLogEvents"])
def test_a_denied_delivery_is_a_dead_letter_at_once(
    rule: Callable[..., str], queue: Any, put: Any, drain: Any, access: Any, group: str, denied: str
) -> None:
    access.denied = {denied}
    arn = rule("r", {"Arn": group, "DeadLetterConfig": {"Arn": queue("dead")}})
    put()
    (letter,) = drain("dead")
    attributes = {name: each["StringValue"] for name, each in letter["MessageAttributes"].items()}
    assert attributes["ERROR_CODE"] == "NO_PERMISSIONS"
    assert "is not authorized to perform: " + denied.replace(".", ":") in attributes["ERROR_MESSAGE"]
    assert attributes["RETRY_ATTEMPTS"] == "0"
    assert access.clients == [(EVENTS, arn, "sqs")]


def test_a_role_that_does_not_trust_eventbridge_is_a_dead_letter_in_the_name_of_the_rule(
    cloud: Any, rule: Callable[..., str], queue: Any, put: Any, drain: Any, access: Any
) -> None:
    access.untrusting = {ROLE}
    dead = {"DeadLetterConfig": {"Arn": queue("dead")}}
    arn = rule("r", {"Arn": cloud.arn("sagemaker", "pipeline/churn"), "RoleArn": ROLE, **dead})
    put()
    (letter,) = drain("dead")
    assert letter["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "NO_PERMISSIONS"
    assert access.clients == [(EVENTS, arn, "sqs")]


def test_another_bus_receives_events_only_under_a_role(
    cloud: Any, events: Any, rule: Callable[..., str], put: Any, settle: Any, access: Any
) -> None:
    bus = events.create_event_bus(Name="second")["EventBusArn"]
    rule("r", bus, {"Arn": bus, "RoleArn": ROLE})
    put()
    settle()
    ((who, call, request),) = access.decisions
    assert (who.split("/")[1], call) == ("r", "events.PutEvents")
    (entry,) = request["Entries"]
    assert (entry["EventBusName"], entry["Source"], entry["DetailType"]) == (bus, "shop", "order")


def test_the_queue_s_policy_decides_about_events(
    cloud: Any, rule: Callable[..., str], put: Any, drain: Any, queue: Any
) -> None:
    """Neither rule may write to the dead-letter queue of the other."""
    own, other = cloud.arn("events", "rule/own"), cloud.arn("events", "rule/other")
    queue("q", Policy=of_service("sqs:SendMessage", own))
    queue("dead", Policy=of_service("sqs:SendMessage", own, other))
    for name in ("own", "other"):
        rule(name, {"Arn": cloud.arn("sqs", "q"), "DeadLetterConfig": {"Arn": cloud.arn("sqs", "dead")}})
    put()
    assert len(drain("q")) == 1
    (letter,) = drain("dead")
    attributes = {name: each["StringValue"] for name, each in letter["MessageAttributes"].items()}
    assert (attributes["RULE_ARN"], attributes["ERROR_CODE"]) == (other, "NO_PERMISSIONS")
    assert "is not authorized to perform: sqs:SendMessage on resource: " in attributes["ERROR_MESSAGE"]


def test_a_dead_letter_queue_that_does_not_allow_it_gets_nothing(
    cloud: Any, rule: Callable[..., str], put: Any, settle: Any, drain: Any, queue: Any
) -> None:
    rule("r", {"Arn": cloud.arn("sqs", "gone"), "DeadLetterConfig": {"Arn": queue("dead")}})
    put()
    settle()
    assert drain("dead") == []
    assert "InvocationsFailedToBeSentToDlq" in [datum.name for datum in cloud.metrics.recent]


@pytest.mark.parametrize("source", ["rule/r", "rule/*", "rule/other"])
@pytest.mark.parametrize("action", ["sagemaker:StartPipelineExecution", "sagemaker:StopPipelineExecution"])
def test_a_role_must_trust_the_rule_and_allow_the_call(
    cloud: Any, rule: Callable[..., str], put: Any, settle: Any, create_role: Any, source: str, action: str
) -> None:
    condition = {"ArnLike": {"aws:SourceArn": cloud.arn("events", source)}}
    condition |= {"StringEquals": {"aws:SourceAccount": cloud.account}}
    trust = {"Principal": {"Service": EVENTS}, "Condition": condition}
    role = create_role("start", allow(action, resource=cloud.arn("sagemaker", "pipeline/churn")), trust=trust)
    rule("r", {"Arn": cloud.arn("sagemaker", "pipeline/churn"), "RoleArn": role})
    put()
    settle()
    delivered = "Invocations" in [datum.name for datum in cloud.metrics.recent]
    assert delivered == (source != "rule/other" and "Start" in action)


@pytest.mark.parametrize("permitted", [True, False])
def test_the_logs_resource_policy_decides_about_events(
    cloud: Any, rule: Callable[..., str], put: Any, settle: Any, group: str, permitted: bool
) -> None:
    arn = rule("r", group)
    principal = {"Service": EVENTS if permitted else "delivery.logs.amazonaws.com"}
    statement = allow("logs:CreateLogStream", "logs:PutLogEvents", resource=f"{group}:*", Principal=principal)
    policy = document({**statement, "Condition": {"ArnEquals": {"aws:SourceArn": arn}}})
    cloud.client("logs").put_resource_policy(policyName="events", policyDocument=policy)
    put()
    settle()
    events = cloud.client("logs").filter_log_events(logGroupName="/events/shop")["events"]
    assert len(events) == int(permitted)


def of_service(action: str, *sources: str) -> str:
    condition = {"ArnEquals": {"aws:SourceArn": list(sources)}}
    return document({**allow(action, Principal={"Service": EVENTS}), "Condition": condition})
