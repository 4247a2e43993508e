"""Patterns of actions, resources and ARNs."""

from __future__ import annotations

import time
from random import Random
from typing import Any

import pytest

from localcloud.core.access.context import RequestContext
from localcloud.core.access.matching import (
    Pattern,
    Patterns,
    action_pattern,
    arn_pattern,
    resource_pattern,
    text_pattern,
)
from localcloud.core.access.principal import USER, Principal

ANN = Principal(USER, "arn:aws:iam::123456789012:user/ann", "123456789012")
CONTEXT = RequestContext(ANN, {"aws:principaltag/team": ("red",), "aws:principaltag/odd": ("a*b",)})


def matches(pattern: Pattern, text: str, **options: Any) -> bool:
    return Patterns([pattern], **options).match(text, CONTEXT)


@pytest.mark.parametrize(
    ("pattern", "action", "expected"),
    [
        ("*", "s3:getobject", True),
        ("S3:GetObject", "s3:getobject", True),
        ("s3:Get*", "s3:getobject", True),
        ("s3:G?tObject", "s3:getobject", True),
        ("s3:G?tObject", "s3:gtobject", False),
        ("s3:Get", "s3:getobject", False),
        ("s3:get.bject", "s3:getobject", False),
        ("s3:*", "s3-object-lambda:getobject", False),
    ],
)
def test_actions(pattern: str, action: str, expected: bool) -> None:
    assert matches(action_pattern(pattern), action) is expected


def test_an_action_has_a_service() -> None:
    with pytest.raises(ValueError, match="'GetObject' is not an action: it has no service"):
        action_pattern("GetObject")


BUCKET, LOG = "arn:aws:s3:::data-red/a/b", "arn:aws:logs:eu-west-1:1:log-group:/jobs:log-stream:a"


@pytest.mark.parametrize(
    ("pattern", "resource", "expected"),
    [
        ("*", "*", True),
        ("*", BUCKET, True),
        ("arn:aws:s3:::*", "*", False),
        (BUCKET, BUCKET, True),
        ("arn:aws:s3:::data-red/*", BUCKET, True),
        ("arn:aws:s3:::data-red/*", "arn:aws:s3:::data-red/", True),
        ("arn:aws:s3:::data-red/*", "arn:aws:s3:::data-red", False),
        ("arn:aws:s3:::data-red/?/b", BUCKET, True),
        ("arn:aws:s3:::DATA-red/*", BUCKET, False),
        ("arn:aws:s3:*:*:data-red/*", BUCKET, True),
        ("arn:aws:logs:*:*:*", LOG, True),
        ("arn:aws:logs:*:1:log-group:/jobs:*", LOG, True),
        ("arn:aws:logs:*:log-group:/jobs:*", LOG, False),
        ("arn:aws:logs*", LOG, True),
        ("arn:aws:logs", LOG, True),
        ("arn:aws:s3:::data-${aws:PrincipalTag/team}/*", BUCKET, True),
        ("arn:aws:s3:::data-${aws:PrincipalTag/none}/*", BUCKET, False),
        ("arn:aws:s3:::data-${aws:PrincipalTag/none, 'red'}/*", BUCKET, True),
        ("arn:aws:s3:::${aws:PrincipalTag/odd}", "arn:aws:s3:::axb", False),
        ("arn:aws:s3:::${aws:PrincipalTag/odd}", "arn:aws:s3:::a*b", True),
        ("arn:aws:s3:::a${*}", "arn:aws:s3:::a*", True),
        ("arn:aws:s3:::a${*}", "arn:aws:s3:::ab", False),
        ("arn:aws:iam::${aws:PrincipalAccount}:role/x", "arn:aws:iam::123456789012:role/x", False),
    ],
)
def test_resources(pattern: str, resource: str, expected: bool) -> None:
    """A wildcard stays in its field; variables are replaced behind the fifth colon only."""
    assert matches(resource_pattern(pattern, variables=True), resource) is expected


def test_before_2012_a_variable_is_plain_text() -> None:
    pattern = resource_pattern("arn:aws:s3:::${aws:username}", variables=False)
    assert not matches(pattern, "arn:aws:s3:::ann")
    assert matches(pattern, "arn:aws:s3:::${aws:username}")


@pytest.mark.parametrize("resource", ["data", "", "**"])
def test_a_resource_is_an_arn_or_everything(resource: str) -> None:
    with pytest.raises(ValueError, match="is neither an ARN nor"):
        resource_pattern(resource, variables=True)


@pytest.mark.parametrize(
    ("pattern", "arn", "expected"),
    [
        ("arn:aws:sns:*:1:a*", "arn:aws:sns:eu-west-1:1:alarms", True),
        ("arn:aws:sns:*:alarms", "arn:aws:sns:eu-west-1:1:alarms", False),
        ("arn:aws:sns:*", "arn:aws:sns:eu-west-1:1:alarms", False),
        ("*", "arn:aws:sns:eu-west-1:1:alarms", False),
        ("arn:aws:iam::${aws:PrincipalAccount}:user/${aws:username}", ANN.arn, True),
        ("arn:aws:iam::${aws:PrincipalAccount, '1'}:user/ann", ANN.arn, True),
    ],
)
def test_arns_of_conditions(pattern: str, arn: str, expected: bool) -> None:
    """Unlike a resource's, they have all six fields, each of which may have variables."""
    assert matches(arn_pattern(pattern, variables=True), arn) is expected


def test_texts() -> None:
    assert not matches(text_pattern("a*", variables=True, wildcards=False), "ab")
    assert matches(text_pattern("a*", variables=True, wildcards=False), "a*")
    assert matches(text_pattern("a*\n", variables=True), "a\n\n")
    assert matches(text_pattern("${aws:USERNAME}", variables=True), "ANN", ignore_case=True)
    assert not matches(text_pattern("${aws:username}", variables=True), "ANN")


def test_one_of_several_is_enough() -> None:
    patterns = Patterns([text_pattern(text, variables=True) for text in ("x", "a*", "${aws:username}")])
    assert [patterns.match(text, CONTEXT) for text in ("x", "ab", "ann", "y")] == [True, True, True, False]
    assert not Patterns([]).match("", CONTEXT)


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("*a*b", "aab", True),
        ("*ab*ab", "abab", True),
        ("*ab*ab", "ab", False),
        ("*a?b*", "aab", True),
        ("*a?c*", "abaac", True),
        ("a*", "a", True),
        ("*a*a", "aba", True),
        ("**", "", True),
        ("*${aws:username}*x", "annannx", True),
    ],
)
def test_what_follows_a_wildcard_may_occur_often(pattern: str, text: str, expected: bool) -> None:
    assert matches(text_pattern(pattern, variables=True), text) is expected


def test_many_wildcards_take_no_time() -> None:
    pattern = resource_pattern(f"arn:aws:s3:::{'*a' * 6}b", variables=True)
    start = time.thread_time()
    assert not matches(pattern, f"arn:aws:s3:::{'a' * 80}")
    assert time.thread_time() - start < 1


def test_random_patterns_match_as_a_plain_search_does() -> None:
    random = Random(4)  # noqa: S311
    for _ in range(3000):
        pattern = "".join(random.choices("ab*?", k=random.randint(0, 7)))
        text = "".join(random.choices("ab", k=random.randint(0, 9)))
        assert matches(text_pattern(pattern, variables=True), text) is search(pattern, text), (pattern, text)


def search(pattern: str, text: str) -> bool:
    if pattern.startswith("*"):
        return search(pattern[1:], text) or (bool(text) and search(pattern, text[1:]))
    if not (pattern and text):
        return pattern == text
    return pattern[0] in ("?", text[0]) and search(pattern[1:], text[1:])
