"""Missing keys, several values, quantifiers, IfExists and Null."""

from __future__ import annotations

import pytest

from localcloud.core.access.conditions import compile_condition
from localcloud.core.access.context import RequestContext
from localcloud.core.access.principal import USER, Principal

ANN = Principal(USER, "arn:aws:iam::123456789012:user/ann", "123456789012")


def holds(operator: str, given: tuple[str, ...] | None, *values: str) -> bool:
    context = RequestContext(ANN, {} if given is None else {"aws:tagkeys": given})
    return compile_condition(operator, "aws:TagKeys", values, variables=True).holds(context)


@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        ("StringEquals", False),
        ("StringLike", False),
        ("NumericLessThan", False),
        ("StringNotEquals", True),
        ("NumericNotEquals", True),
        ("NotIpAddress", True),
        ("ArnNotLike", True),
        ("StringEqualsIfExists", True),
        ("StringNotEqualsIfExists", True),
        ("ForAllValues:StringEquals", True),
        ("ForAllValues:StringNotEquals", True),
        ("ForAnyValue:StringEquals", False),
        ("ForAnyValue:StringNotEquals", False),
        ("ForAnyValue:StringEqualsIfExists", True),
    ],
)
@pytest.mark.parametrize("given", [None, ()])
def test_a_missing_key(operator: str, given: tuple[str, ...] | None, expected: bool) -> None:
    value = "10.0.0.0/8" if operator == "NotIpAddress" else "10"
    assert holds(operator, given, value) is expected


@pytest.mark.parametrize(
    ("operator", "given", "values", "expected"),
    [
        ("StringNotEquals", ("a",), ("a", "b"), False),  # none of them: not one of them is enough
        ("StringNotEquals", ("c",), ("a", "b"), True),
        ("StringNotLike", ("ab",), ("a*", "c"), False),
        ("StringEqualsIfExists", ("a",), ("b",), False),
        ("ForAllValues:StringEquals", ("a", "b"), ("a", "b", "c"), True),
        ("ForAllValues:StringEquals", ("a", "d"), ("a", "b", "c"), False),
        ("ForAnyValue:StringEquals", ("a", "d"), ("a", "b"), True),
        ("ForAnyValue:StringEquals", ("d", "e"), ("a", "b"), False),
        ("ForAllValues:StringNotEquals", ("c", "d"), ("a", "b"), True),
        ("ForAllValues:StringNotEquals", ("c", "a"), ("a", "b"), False),
        ("ForAnyValue:StringNotEquals", ("c", "a"), ("a", "b"), True),
        ("ForAnyValue:StringNotEquals", ("a", "b"), ("a", "b"), False),
        ("ForAllValues:StringEquals", ("",), ("a",), True),
        ("ForAnyValue:StringLike", ("",), ("*",), False),
        ("StringLike", ("",), ("*",), True),
        ("StringEquals", ("a", "b"), ("a", "b"), False),
        ("StringNotEquals", ("c", "d"), ("a", "b"), False),
        ("forallvalues:stringequalsifexists", ("a",), ("a",), True),
    ],
)
def test_several_values(operator: str, given: tuple[str, ...], values: tuple[str, ...], expected: bool) -> None:
    assert holds(operator, given, *values) is expected


@pytest.mark.parametrize(
    ("given", "values", "expected"),
    [
        (None, ("true",), True),
        (None, ("false",), False),
        (("a",), ("true",), False),
        (("a", "b"), ("False",), True),
        (None, ("true", "false"), True),
    ],
)
def test_null_is_whether_the_key_is_missing(
    given: tuple[str, ...] | None, values: tuple[str, ...], expected: bool
) -> None:
    assert holds("Null", given, *values) is expected


def test_keys_are_compared_without_case() -> None:
    condition = compile_condition("StringEquals", "AWS:tagKEYS", ("a",), variables=True)
    assert condition.holds(RequestContext(ANN, {"aws:tagkeys": ("a",)}))


@pytest.mark.parametrize(
    ("operator", "value", "problem"),
    [
        ("StringIs", "a", "StringIs is not a condition operator"),
        ("ForSome:StringEquals", "a", "ForSome:StringEquals is not a condition operator"),
        ("ForAllValues:Null", "true", "ForAllValues:Null is not a condition operator"),
        ("NullIfExists", "true", "NullIfExists is not a condition operator"),
        ("", "a", " is not a condition operator"),
        ("Null", "maybe", "'maybe' is not a boolean"),
        ("NumericEquals", "ten", "'ten' is not a number"),
        ("DateLessThan", "soon", "'soon' is not a date"),
        ("IpAddress", "10.0.0.0/99", "'10.0.0.0/99' is not a network"),
    ],
)
def test_what_cannot_be_read(operator: str, value: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        compile_condition(operator, "k", (value,), variables=True)


def test_it_is_described_with_the_values_of_both_sides() -> None:
    context = RequestContext(ANN, {"aws:tagkeys": ("a", "b")})
    condition = compile_condition("ForAllValues:StringEquals", "aws:TagKeys", ("c", "d"), variables=True)
    assert condition.describe(context) == "ForAllValues:StringEquals: aws:TagKeys is a, b, the policy names c, d"
    assert condition.describe(RequestContext(ANN, {})).startswith("ForAllValues:StringEquals: aws:TagKeys has no value")
    null = compile_condition("Null", "aws:TagKeys", ("true",), variables=True)
    assert null.describe(context) == "Null: aws:TagKeys has a value"
