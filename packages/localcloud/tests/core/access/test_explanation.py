"""Why each statement did or did not apply."""

from __future__ import annotations

from support.iam_cases import cases

from localcloud.core.access.evaluation import Considered, Policies, Question, decide
from localcloud.core.access.explanation import explain
from localcloud.core.access.policy import Policy
from localcloud.core.access.principal import ROLE, Principal

ACCOUNT = "123456789012"
SESSION = Principal(
    ROLE, f"arn:aws:sts::{ACCOUNT}:assumed-role/build/s", ACCOUNT, role_arn=f"arn:aws:iam::{ACCOUNT}:role/b"
)
GET = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*"}
QUESTION = Question(SESSION, "s3:GetObject", "arn:aws:s3:::data/a")


def test_each_statement_is_considered_in_order() -> None:
    identity = {"Statement": [GET, {**GET, "Sid": "Lists", "Action": "s3:List*"}, {**GET, "Principal": "*"}]}
    bucket = {"Statement": {**GET, "Principal": {"AWS": "arn:aws:iam::1:role/x"}}}
    boundary = {"Statement": [{**GET, "Resource": "data"}]}
    policies = Policies(
        [Policy.parse(identity, "inline")], Policy.parse(boundary, "limit"), resource=Policy.parse(bucket, "data")
    )
    decision = explain(QUESTION, policies)
    assert decision.reason == "because no permissions boundary allows the s3:GetObject action"
    kind = "an identity-based policy"
    assert decision.considered == (
        Considered(kind, "inline", "statement 1", "Allow", True, "it applies"),
        Considered(kind, "inline", "Lists", "Allow", False, "the action s3:getobject is not among s3:List*"),
        Considered(kind, "inline", "statement 3", "Allow", False, f"it names principals, which {kind} must not"),
        Considered(
            "a permissions boundary",
            "limit",
            "statement 1",
            "Allow",
            False,
            "it cannot be read: 'data' is neither an ARN nor *",
        ),
        Considered(
            "a resource-based policy",
            "data",
            "statement 1",
            "Allow",
            False,
            f"its principals do not name {SESSION.arn}",
        ),
    )


def test_an_unreadable_deny_applies_and_is_named() -> None:
    (considered,) = explain(QUESTION, Policies([Policy.parse({"Statement": {"Effect": "Deny"}}, "p")])).considered
    assert considered.applied
    assert considered.reason == "it cannot be read: it needs either Action or NotAction"


def test_a_decision_alone_considers_nothing() -> None:
    assert decide(QUESTION, Policies([Policy.parse({"Statement": GET})])).considered == ()


def test_explanation_and_decision_agree() -> None:
    for case in cases(500, seed=3):
        question, policies = case.question(), case.policies()
        decision = explain(question, policies)
        assert (decision.allowed, decision.reason) == (
            decide(question, policies).allowed,
            decide(question, policies).reason,
        )
        denied = any(one.applied and one.effect == "Deny" for one in decision.considered)
        assert denied is decision.explicit_deny
        assert all(one.reason for one in decision.considered)
        if decision.allowed:
            assert any(one.applied and one.effect == "Allow" for one in decision.considered)
