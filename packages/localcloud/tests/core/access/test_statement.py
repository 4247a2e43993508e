"""Statements that cannot be read allow nothing."""

from __future__ import annotations

from typing import Any

import pytest

from localcloud.core.access.context import RequestContext
from localcloud.core.access.principal import USER, Principal
from localcloud.core.access.statement import Request, Statement

ANN = Principal(USER, "arn:aws:iam::123456789012:user/ann", "123456789012")
REQUEST = Request(ANN, "s3:getobject", "arn:aws:s3:::data/a", RequestContext(ANN, {}), bounded=False)
GET = {"Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*"}


def parse(**elements: Any) -> Statement:
    return Statement.parse(elements, 1, variables=True)


@pytest.mark.parametrize(
    ("elements", "problem"),
    [
        ({"Action": "s3:GetObject"}, "it needs either Resource or NotResource"),
        ({"Resource": "*"}, "it needs either Action or NotAction"),
        ({**GET, "NotAction": "s3:PutObject"}, "it needs either Action or NotAction"),
        ({**GET, "Action": []}, "the values of Action are [], not texts"),
        ({**GET, "Action": {"s3": "GetObject"}}, "the values of Action are {'s3': 'GetObject'}, not texts"),
        ({**GET, "Action": [7]}, "the values of Action are [7], not texts"),
        ({**GET, "Resource": "data/*"}, "'data/*' is neither an ARN nor *"),
        ({**GET, "Condition": []}, "its Condition is [], not an object"),
        ({**GET, "Condition": {"StringEquals": "a"}}, "StringEquals is 'a', not an object"),
        ({**GET, "Condition": {"StringEquals": {"k": {}}}}, "the values of k are [{}], not texts"),
        ({**GET, "Condition": {"StringEquals": {"k": []}}}, "the values of k are [], not texts"),
        ({**GET, "Condition": {"StringIs": {"k": "a"}}}, "StringIs is not a condition operator"),
        ({**GET, "Conditions": {}}, "it has no element Conditions"),
        ({**GET, "Principal": {}}, "{} names no principal"),
        ({**GET, "Principal": "*", "NotPrincipal": "*"}, "it has both Principal and NotPrincipal"),
    ],
)
def test_an_unreadable_allow_never_applies_and_an_unreadable_deny_always(
    elements: dict[str, Any], problem: str
) -> None:
    allow, deny = parse(Effect="Allow", **elements), parse(Effect="Deny", **elements)
    assert allow.problem == deny.problem == problem
    assert (allow.holds(REQUEST), deny.holds(REQUEST)) == (False, True)
    assert allow.mismatch(REQUEST) == f"it cannot be read: {problem}"


@pytest.mark.parametrize("element", [None, 1, "Allow", [], {}, {"Effect": "allow", **GET}, {"Effect": ["Deny"], **GET}])
def test_without_an_effect_it_neither_allows_nor_denies(element: Any) -> None:
    statement = Statement.parse(element, 1, variables=True)
    assert statement.problem
    assert not statement.holds(REQUEST)


def test_a_resources_policy_may_name_no_resource() -> None:
    assert parse(Effect="Allow", Principal="*", Action="s3:GetObject").holds(REQUEST)


def test_numbers_and_booleans_are_values() -> None:
    condition = {"Bool": {"aws:SecureTransport": True}, "NumericEquals": {"aws:EpochTime": [7, 7.0]}}
    statement = parse(Effect="Allow", **GET, Condition=condition)
    assert statement.mismatch(REQUEST).startswith("NumericEquals: aws:EpochTime is 1")
    assert "the policy names 7, 7.0" in statement.mismatch(REQUEST)


@pytest.mark.parametrize(
    ("elements", "mismatch"),
    [
        (GET, ""),
        ({**GET, "Action": ["s3:Put*", "s3:Copy*"]}, "the action s3:getobject is not among s3:Put*, s3:Copy*"),
        ({"NotAction": "s3:*", "Resource": "*"}, "the action s3:getobject is among s3:*"),
        ({**GET, "Resource": "arn:aws:s3:::x"}, "the resource arn:aws:s3:::data/a is not among arn:aws:s3:::x"),
        ({"Action": "*", "NotResource": "*"}, "the resource arn:aws:s3:::data/a is among *"),
        (
            {**GET, "Condition": {"StringEquals": {"aws:username": "bob"}}},
            "StringEquals: aws:username is ann, the policy names bob",
        ),
    ],
)
def test_a_mismatch_names_the_first_check_that_fails(elements: dict[str, Any], mismatch: str) -> None:
    statement = parse(Effect="Allow", **elements)
    assert statement.mismatch(REQUEST) == mismatch
    assert statement.holds(REQUEST) is (not mismatch)


def test_all_conditions_hold_together() -> None:
    statement = parse(Effect="Allow", **GET, Condition={"StringEquals": {"aws:username": "ann", "aws:userid": "x"}})
    assert statement.mismatch(REQUEST).startswith("StringEquals: aws:userid has no value")


def test_it_is_called_by_its_sid_or_its_number() -> None:
    assert parse(Effect="Allow", Sid="Read", **GET).label == "Read"
    assert parse(Effect="Allow", **GET).label == "statement 1"
