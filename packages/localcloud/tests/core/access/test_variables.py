"""Variables, their defaults, and the characters that are written as variables."""

from __future__ import annotations

import pytest

from localcloud.core.access.context import RequestContext
from localcloud.core.access.principal import USER, Principal
from localcloud.core.access.variables import Literal, Variable, Wildcard, tokens

ANN = Principal(USER, "arn:aws:iam::123456789012:user/ann", "123456789012")
CONTEXT = RequestContext(ANN, {"aws:principaltag/team": ("red",), "aws:tagkeys": ("a", "b"), "s3:prefix": ("",)})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a/*?", [Literal("a/"), Wildcard("*"), Wildcard("?")]),
        ("a***b", [Literal("a"), Wildcard("*"), Literal("b")]),
        ("${*}${?}${$}", [Literal("*"), Literal("?"), Literal("$")]),
        ("${aws:UserName}x", [Variable("aws:username"), Literal("x")]),
        ("${aws:PrincipalTag/Team, 'a, b'}", [Variable("aws:principaltag/team", "a, b")]),
        ("$x${", [Literal("$"), Literal("x"), Literal("$"), Literal("{")]),
        ("${a, b}", [Variable("a, b")]),
        ("", []),
    ],
)
def test_a_text_is_taken_apart(text: str, expected: list[object]) -> None:
    assert list(tokens(text, variables=True)) == expected


def test_before_2012_there_are_no_variables() -> None:
    assert list(tokens("${*}", variables=False)) == [Literal("${"), Wildcard("*"), Literal("}")]


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        (Variable("aws:username"), "ann"),
        (Variable("aws:principaltag/team", "blue"), "red"),
        (Variable("aws:principaltag/none"), None),
        (Variable("aws:principaltag/none", "blue"), "blue"),
        (Variable("aws:tagkeys"), None),
        (Variable("s3:prefix", "all"), "all"),
    ],
)
def test_a_variable_has_the_one_value_of_its_key_or_its_default(variable: Variable, value: str | None) -> None:
    assert variable.value(CONTEXT) == value
