"""The order of evaluation within one account, by AWS's user guide."""

from __future__ import annotations

import time
from typing import Any

import pytest

from localcloud.core.access.evaluation import Decision, Policies, Question, decide
from localcloud.core.access.policy import Policy
from localcloud.core.access.principal import ROLE, USER, Principal, administrator, service_principal

ACCOUNT = "123456789012"
ROOT, ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:root", f"arn:aws:iam::{ACCOUNT}:role/build"
SESSION = Principal(ROLE, f"arn:aws:sts::{ACCOUNT}:assumed-role/build/s", ACCOUNT, role_arn=ROLE_ARN)
PERSON = Principal(USER, f"arn:aws:iam::{ACCOUNT}:user/ann", ACCOUNT)
EVENTS = service_principal("events.amazonaws.com", ACCOUNT, f"arn:aws:events:eu-west-1:{ACCOUNT}:rule/r")
QUEUE = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:jobs"
NONE: dict[str, Any] = {"Effect": "Allow", "Action": "ec2:*", "Resource": "*"}
SEND: dict[str, Any] = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": QUEUE}
DENY: dict[str, Any] = {"Effect": "Deny", "Action": "sqs:*", "Resource": "*"}


def policy(*statements: dict[str, Any]) -> Policy:
    return Policy.parse({"Version": "2012-10-17", "Statement": list(statements)})


def grant(*names: Any, effect: str = "Allow", **elements: Any) -> Policy:
    return policy(
        *({"Effect": effect, "Principal": name, "Action": "sqs:*", "Resource": "*", **elements} for name in names)
    )


def send(principal: Principal, policies: Policies) -> Decision:
    return decide(Question(principal, "sqs:SendMessage", QUEUE), policies)


def reason(principal: Principal, **policies: Any) -> str:
    decision = send(principal, Policies(**policies))
    assert decision.allowed is (not decision.reason)
    assert decision.explicit_deny is decision.reason.startswith("with an explicit deny")
    return decision.reason


NO_IDENTITY = "because no identity-based policy allows the sqs:SendMessage action"
NO_BOUNDARY = "because no permissions boundary allows the sqs:SendMessage action"
NO_SESSION = "because no session policy allows the sqs:SendMessage action"
NO_RESOURCE = "because no resource-based policy allows the sqs:SendMessage action"


def test_without_an_allow_all_is_denied() -> None:
    assert reason(SESSION) == NO_IDENTITY
    assert reason(SESSION, identity=[policy(NONE)]) == NO_IDENTITY
    assert reason(SESSION, resource=policy(NONE)) == NO_IDENTITY


def test_one_identity_policy_is_enough() -> None:
    assert reason(SESSION, identity=[policy(NONE), policy(NONE, SEND)]) == ""


def test_the_administrator_may_everything() -> None:
    assert send(administrator(ACCOUNT), Policies(identity=[policy(DENY)])).allowed


@pytest.mark.parametrize(
    ("kind", "denying"),
    [
        ("identity", "an identity-based policy"),
        ("boundary", "a permissions boundary"),
        ("session", "a session policy"),
        ("resource", "a resource-based policy"),
    ],
)
def test_an_explicit_deny_anywhere_wins(kind: str, denying: str) -> None:
    everything: dict[str, Any] = {
        "identity": [policy(SEND)],
        "boundary": policy(SEND),
        "session": [policy(SEND)],
        "resource": grant("*"),
    }
    assert reason(SESSION, **everything) == ""
    denies = policy(SEND, {**DENY, "Principal": "*"}) if kind == "resource" else policy(SEND, DENY)
    everything[kind] = [denies] if kind in ("identity", "session") else denies
    assert reason(SESSION, **everything) == f"with an explicit deny in {denying}"


def test_identity_boundary_and_session_must_all_allow() -> None:
    allowing, other = policy(SEND), policy(NONE)
    assert reason(SESSION, identity=[allowing], boundary=allowing, session=[allowing]) == ""
    assert reason(SESSION, identity=[other], boundary=allowing, session=[allowing]) == NO_IDENTITY
    assert reason(SESSION, identity=[allowing], boundary=other, session=[allowing]) == NO_BOUNDARY
    assert reason(SESSION, identity=[allowing], boundary=allowing, session=[other]) == NO_SESSION
    assert reason(SESSION, identity=[allowing], session=[]) == NO_SESSION


LIMITS: dict[str, Any] = {"boundary": policy(NONE), "session": [policy(NONE)]}


@pytest.mark.parametrize(
    ("principal", "name"),
    [(SESSION, {"AWS": SESSION.arn}), (PERSON, {"AWS": PERSON.arn}), (SESSION, "*"), (PERSON, {"AWS": "*"})],
)
def test_a_grant_to_the_caller_itself_needs_no_other_policy(principal: Principal, name: Any) -> None:
    assert reason(principal, resource=grant(name)) == ""
    assert reason(principal, resource=grant(name), **LIMITS) == ""


def test_a_grant_to_the_role_is_limited_by_boundary_and_session_policies() -> None:
    resource = grant({"AWS": ROLE_ARN})
    assert reason(SESSION, resource=resource) == ""
    assert reason(SESSION, resource=resource, boundary=LIMITS["boundary"]) == NO_BOUNDARY
    assert reason(SESSION, resource=resource, session=LIMITS["session"]) == NO_SESSION
    assert reason(SESSION, resource=grant({"AWS": ROLE_ARN}, {"AWS": SESSION.arn}), **LIMITS) == ""


@pytest.mark.parametrize("account", [ROOT, ACCOUNT])
def test_a_grant_to_the_account_leaves_it_to_identity_policies(account: str) -> None:
    assert reason(SESSION, resource=grant({"AWS": account})) == NO_IDENTITY
    assert reason(SESSION, resource=grant({"AWS": account}), identity=[policy(SEND)]) == ""


def test_a_deny_of_the_account_or_the_role_denies_the_session() -> None:
    for name in ({"AWS": ROOT}, {"AWS": ROLE_ARN}, {"AWS": SESSION.arn}, "*"):
        denied = reason(SESSION, identity=[policy(SEND)], resource=grant(name, effect="Deny"))
        assert denied == "with an explicit deny in a resource-based policy"
    assert reason(SESSION, identity=[policy(SEND)], resource=grant({"AWS": PERSON.arn}, effect="Deny")) == ""


def test_a_service_needs_the_resources_word() -> None:
    assert reason(EVENTS) == NO_RESOURCE
    assert reason(EVENTS, resource=grant({"AWS": ROOT})) == NO_RESOURCE
    assert reason(EVENTS, resource=grant({"Service": "events.amazonaws.com"})) == ""
    source = {"ArnEquals": {"aws:SourceArn": EVENTS.source_arn}, "StringEquals": {"aws:SourceAccount": ACCOUNT}}
    assert reason(EVENTS, resource=grant({"Service": "events.amazonaws.com"}, Condition=source)) == ""
    other = {"ArnEquals": {"aws:SourceArn": f"{EVENTS.source_arn}s"}}
    assert reason(EVENTS, resource=grant({"Service": "events.amazonaws.com"}, Condition=other)) == NO_RESOURCE


def test_a_key_or_role_must_allow_itself_or_leave_it_to_the_account() -> None:
    identity = [policy(SEND)]
    assert reason(SESSION, identity=identity, resource_must_allow=True) == NO_RESOURCE
    must: dict[str, Any] = {"identity": identity, "resource_must_allow": True}
    assert reason(SESSION, **must, resource=grant({"AWS": PERSON.arn})) == NO_RESOURCE
    assert reason(SESSION, **must, resource=grant({"AWS": ROOT})) == ""
    assert reason(SESSION, **must, resource=grant({"AWS": ROOT}), boundary=policy(NONE)) == NO_BOUNDARY
    assert reason(SESSION, resource=grant({"AWS": ROOT}), resource_must_allow=True) == NO_IDENTITY
    assert reason(SESSION, resource=grant({"AWS": ROLE_ARN}), resource_must_allow=True) == ""


def test_not_principal_denies_all_others() -> None:
    statement = {"Effect": "Deny", "NotPrincipal": {"AWS": [ROOT, ROLE_ARN]}, "Action": "*", "Resource": "*"}
    assert reason(SESSION, identity=[policy(SEND)], resource=policy(statement)) == ""
    assert reason(PERSON, identity=[policy(SEND)], resource=policy(statement)).startswith("with an explicit deny")
    bounded = reason(SESSION, identity=[policy(SEND)], boundary=policy(SEND), resource=policy(statement))
    assert bounded == "with an explicit deny in a resource-based policy"


def test_an_allow_belongs_to_its_kind_of_policy() -> None:
    """IAM refuses an identity's policy that names principals, and a resource's that names none."""
    assert reason(SESSION, identity=[policy({**SEND, "Principal": "*"})]) == NO_IDENTITY
    assert reason(SESSION, resource=policy(SEND)) == NO_IDENTITY


def test_actions_are_compared_without_case_and_named_as_they_were_called() -> None:
    statement = {**SEND, "Action": "SQS:sendmessage"}
    assert decide(Question(SESSION, "sqs:SendMessage", QUEUE), Policies([policy(statement)])).allowed
    assert "the sqs:SendMessage action" in reason(SESSION, identity=[policy(NONE)])


def test_the_context_decides() -> None:
    statement = {**SEND, "Condition": {"StringEquals": {"aws:RequestTag/Team": "${aws:PrincipalTag/Team}"}}}
    policies = Policies([policy(statement)])
    context = {"aws:requesttag/team": ("red",), "aws:principaltag/team": ("red",)}
    assert decide(Question(SESSION, "sqs:SendMessage", QUEUE, context), policies).allowed
    assert not decide(
        Question(SESSION, "sqs:SendMessage", QUEUE, {**context, "aws:requesttag/team": ("blue",)}), policies
    ).allowed
    assert not decide(Question(SESSION, "sqs:SendMessage", QUEUE), policies).allowed


def test_a_decision_takes_microseconds() -> None:
    """A role of 20 statements; far from the limit, as other tests run beside it."""
    others = [{**NONE, "Action": f"s3:Get{number}*"} for number in range(19)]
    policies, question = Policies([policy(*others, SEND)]), Question(SESSION, "sqs:SendMessage", QUEUE)
    fastest = min(_seconds(question, policies) for _ in range(5))
    assert fastest < 1000 / 20_000


def _seconds(question: Question, policies: Policies) -> float:
    start = time.thread_time()
    for _ in range(1000):
        decide(question, policies)
    return time.thread_time() - start
