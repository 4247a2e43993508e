"""As whom EventBridge calls a target: its role, or the service itself for the rule."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

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


def test_another_bus_is_asked_only_under_a_role(
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
