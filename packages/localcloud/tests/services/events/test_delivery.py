"""Retries and dead letters; an error of one target does not affect others."""

from __future__ import annotations

import json
from collections.abc import Callable
from threading import Event
from typing import Any

import pytest

OWN = ("RULE_ARN", "TARGET_ARN", "ERROR_CODE", "ERROR_MESSAGE", "RETRY_ATTEMPTS")


@pytest.fixture
def dead(drain: Callable[[str], list[Any]]) -> Callable[[], list[dict[str, Any]]]:
    """The dead letters: their attributes, and their event as EVENT."""

    def letters() -> list[dict[str, Any]]:
        return [
            {name: attribute["StringValue"] for name, attribute in message["MessageAttributes"].items()}
            | {"EVENT": json.loads(message["Body"])}
            for message in drain("dead")
        ]

    return letters


@pytest.fixture
def to_dead(queue: Callable[..., str]) -> dict[str, Any]:
    return {"DeadLetterConfig": {"Arn": queue("dead")}}


def test_a_failing_target_does_not_affect_others(
    cloud: Any, rule: Callable[..., str], queue: Any, put: Any, bodies: Any
) -> None:
    rule("bad", cloud.arn("sqs", "gone"), cloud.arn("sns", "gone"), cloud.arn("logs", "log-group:gone"), queue("q"))
    rule("good", queue("q"))
    assert put()["FailedEntryCount"] == 0
    assert len(bodies("q")) == 2


@pytest.mark.parametrize(
    ("service", "resource"),
    [("sqs", "gone"), ("sns", "gone"), ("logs", "log-group:gone"), ("events", "event-bus/gone")],
)
def test_a_target_that_does_not_exist_is_not_retried(
    cloud: Any, rule: Callable[..., str], put: Any, to_dead: Any, dead: Any, service: str, resource: str
) -> None:
    target = cloud.arn(service, resource)
    arn = rule("r", {"Arn": target, **to_dead})
    event_id = put()["Entries"][0]["EventId"]
    (letter,) = dead()
    assert (letter["RULE_ARN"], letter["TARGET_ARN"], letter["ERROR_CODE"]) == (arn, target, "NO_RESOURCE")
    assert letter["ERROR_MESSAGE"]
    assert letter["RETRY_ATTEMPTS"] == "0"
    assert "EXHAUSTED_RETRY_CONDITION" not in letter
    assert letter["EVENT"]["id"] == event_id


def test_a_dead_letter_is_the_event_and_not_the_input(
    cloud: Any, rule: Callable[..., str], put: Any, to_dead: Any, dead: Any
) -> None:
    rule("r", {"Arn": cloud.arn("sqs", "gone"), "Input": '"constant"', **to_dead})
    put()
    assert dead()[0]["EVENT"]["detail"] == {"state": "paid", "total": 12}


def test_an_input_path_without_a_match_is_a_dead_letter(
    rule: Callable[..., str], queue: Any, put: Any, to_dead: Any, dead: Any, bodies: Any
) -> None:
    rule("r", {"Arn": queue("q"), "InputPath": "$.detail.gone", **to_dead})
    put()
    assert dead()[0]["ERROR_CODE"] == "INVALID_PARAMETER"
    assert bodies("q") == []


def test_a_throttled_target_is_retried_on_the_clock(
    cloud: Any, rule: Callable[..., str], queue: Any, put: Any, settle: Any, bodies: Any, step: Any
) -> None:
    rule("r", queue("q"))
    cloud.faults.throttle("sqs.SendMessage", 3)
    put()
    settle()
    for seconds in (0.9, 0.2, 2.2, 3.6):  # the pauses are 1, 2 and 4 seconds
        step(seconds)
        assert bodies("q") == []
    step(1)
    assert len(bodies("q")) == 1
    assert cloud.faults.show()["operations"] == {}


@pytest.mark.parametrize(("status", "code"), [(500, "INTERNAL_ERROR"), (429, "THROTTLING"), (403, "NO_PERMISSIONS")])
def test_which_errors_are_retried(
    cloud: Any, rule: Callable[..., str], put: Any, to_dead: Any, dead: Any, step: Any, status: int, code: str
) -> None:
    rule("r", {"Arn": cloud.arn("sns", "orders"), "RetryPolicy": {"MaximumRetryAttempts": 1}, **to_dead})
    cloud.faults.fail("sns.Publish", 5, code="Wrong", status=status)
    put()
    step(1)
    (letter,) = dead()
    assert letter["ERROR_CODE"] == code
    assert letter["RETRY_ATTEMPTS"] == ("0" if status == 403 else "1")


def test_the_number_of_retries_is_limited(
    cloud: Any, rule: Callable[..., str], put: Any, to_dead: Any, dead: Any, step: Any
) -> None:
    rule("r", {"Arn": cloud.arn("sns", "orders"), "RetryPolicy": {"MaximumRetryAttempts": 2}, **to_dead})
    cloud.faults.throttle("sns.Publish", 100)
    put()
    step(1)
    assert dead() == []
    step(2)
    (letter,) = dead()
    assert letter["EXHAUSTED_RETRY_CONDITION"] == "MaximumRetryAttempts"
    assert (letter["RETRY_ATTEMPTS"], letter["ERROR_CODE"]) == ("2", "THROTTLING")
    assert cloud.faults.show()["operations"]["sns.Publish"]["left"] == 97


def test_without_retries(cloud: Any, rule: Callable[..., str], put: Any, to_dead: Any, dead: Any) -> None:
    rule("r", {"Arn": cloud.arn("sns", "orders"), "RetryPolicy": {"MaximumRetryAttempts": 0}, **to_dead})
    cloud.faults.throttle("sns.Publish", 100)
    put()
    (letter,) = dead()
    assert (letter["EXHAUSTED_RETRY_CONDITION"], letter["RETRY_ATTEMPTS"]) == ("MaximumRetryAttempts", "0")


def test_the_age_of_an_event_is_limited(
    cloud: Any, rule: Callable[..., str], put: Any, to_dead: Any, dead: Any, step: Any
) -> None:
    rule("r", {"Arn": cloud.arn("sns", "orders"), "RetryPolicy": {"MaximumEventAgeInSeconds": 60}, **to_dead})
    cloud.faults.throttle("sns.Publish", 100)
    put()
    for seconds in (1, 2, 4, 8, 16, 28):
        step(seconds)
    assert dead() == []
    step(1.1)
    (letter,) = dead()
    assert letter["EXHAUSTED_RETRY_CONDITION"] == "MaximumEventAgeInSeconds"
    assert letter["RETRY_ATTEMPTS"] == "5"


def test_deliveries_and_failures_are_metrics(
    cloud: Any, rule: Callable[..., str], queue: Any, put: Any, settle: Any, to_dead: Any
) -> None:
    rule("good", queue("q"))
    rule("bad", {"Arn": cloud.arn("sqs", "gone"), **to_dead})
    rule("worse", {"Arn": cloud.arn("sqs", "gone"), "DeadLetterConfig": {"Arn": cloud.arn("sqs", "gone-too")}})
    put()
    settle()
    counted = {(datum.name, datum.dimensions["RuleName"]) for datum in cloud.metrics.recent}
    assert counted == {
        ("Invocations", "good"),
        ("FailedInvocations", "bad"),
        ("InvocationsSentToDlq", "bad"),
        ("FailedInvocations", "worse"),
        ("InvocationsFailedToBeSentToDlq", "worse"),
    }


def test_a_reset_ends_waiting_retries(
    cloud: Any, rule: Callable[..., str], queue: Any, put: Any, settle: Any, bodies: Any, step: Any
) -> None:
    rule("r", queue("q"))
    cloud.faults.throttle("sqs.SendMessage")
    put()
    settle()
    cloud.reset()
    queue("q")
    step(10)
    assert bodies("q") == []


def test_an_attempt_during_a_reset_is_the_last(cloud: Any, rule: Callable[..., str], put: Any, step: Any) -> None:
    from localcloud.services.events.invocation import DeliveryFailure
    from localcloud.services.events.target_kinds import TargetKind

    began, go_on, attempts = Event(), Event(), []

    def slow(invocation: Any, _: Any) -> None:
        attempts.append(invocation.id)
        began.set()
        go_on.wait(30)
        raise DeliveryFailure("TIMEOUT", "slow", retry=True)

    cloud.services["events"].target_kinds.add("codedeploy", "", TargetKind(slow))
    rule("r", cloud.arn("codedeploy", "project/p"))
    put()
    assert began.wait(30)
    cloud.reset()
    go_on.set()
    step(10)
    assert len(attempts) == 1


def test_a_defect_in_a_target_is_counted_and_reported(
    cloud: Any, rule: Callable[..., str], put: Any, to_dead: Any, dead: Any, queue: Any, bodies: Any
) -> None:
    from localcloud.core.counters import DEFECTS
    from localcloud.services.events.target_kinds import TargetKind

    def broken(_invocation: Any, _principal: Any) -> None:
        raise RuntimeError("oh")

    cloud.services["events"].target_kinds.add("codedeploy", "", TargetKind(broken))
    rule("r", {"Arn": cloud.arn("codedeploy", "project/p"), **to_dead}, queue("q"))
    put()
    (letter,) = dead()
    assert letter["ERROR_CODE"] == "INTERNAL_ERROR"
    assert len(bodies("q")) == 1
    assert cloud.counters[DEFECTS] == 1
    cloud.counters._counter.clear()  # this defect was provoked
