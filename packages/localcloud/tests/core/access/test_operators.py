"""How each condition operator compares."""

from __future__ import annotations

import pytest

from localcloud.core.access.conditions import compile_condition
from localcloud.core.access.context import RequestContext
from localcloud.core.access.operators import FAMILIES, NEGATIONS
from localcloud.core.access.principal import USER, Principal

ANN = Principal(USER, "arn:aws:iam::123456789012:user/ann", "123456789012")
TOPIC = "arn:aws:sns:eu-west-1:1:alarms"


def holds(operator: str, given: str, *values: str, variables: bool = True) -> bool:
    condition = compile_condition(operator, "k", values, variables=variables)
    return condition.holds(RequestContext(ANN, {"k": (given,), "team": ("Red",)}))


POSITIVE = [
    ("StringEquals", "red", ["blue", "red"], True),
    ("StringEquals", "red", ["Red"], False),
    ("StringEquals", "red", ["r*"], False),
    ("StringEquals", "Red", ["${team}"], True),
    ("StringEquals", "a*", ["a${*}"], True),
    ("StringEqualsIgnoreCase", "RED", ["red"], True),
    ("StringEqualsIgnoreCase", "red", ["${team}"], True),
    ("StringEqualsIgnoreCase", "red", ["re?"], False),
    ("StringLike", "red", ["r*"], True),
    ("StringLike", "red", ["R*"], False),
    ("StringLike", "red", ["r??"], True),
    ("StringLike", "", [""], True),
    ("StringLike", "Red/x", ["${team}/*"], True),
    ("StringLike", "red", ["${none}"], False),
    ("NumericEquals", "10", ["10.0"], True),
    ("NumericEquals", "many", ["10"], False),
    ("NumericEquals", "NaN", ["10"], False),
    ("NumericLessThan", "9.5", ["10"], True),
    ("NumericLessThan", "10", ["10"], False),
    ("NumericLessThanEquals", "10", ["10"], True),
    ("NumericGreaterThan", "10", ["10"], False),
    ("NumericGreaterThan", "100", ["20"], True),
    ("NumericGreaterThanEquals", "10", ["10"], True),
    ("DateEquals", "2026-01-01T01:00:00+01:00", ["2026-01-01T00:00:00Z"], True),
    ("DateEquals", "1767225600", ["2026-01-01T00:00:00Z"], True),
    ("DateEquals", "2026-01-01", ["2026-01"], True),
    ("DateEquals", "soon", ["2026-01"], False),
    ("DateLessThan", "2025-12-31T23:59:59Z", ["2026-01-01T00:00:00Z"], True),
    ("DateLessThan", "2026-01-01T00:00:00Z", ["2026-01-01T00:00:00Z"], False),
    ("DateLessThanEquals", "2026-01-01T00:00:00Z", ["2026-01-01"], True),
    ("DateGreaterThan", "2026-01-01T00:00:00Z", ["2026-01-01"], False),
    ("DateGreaterThanEquals", "2026-01-01T00:00:00Z", ["2026-01-01"], True),
    ("Bool", "true", ["TRUE"], True),
    ("Bool", "True", ["false"], False),
    ("Bool", "yes", ["true"], False),
    ("BinaryEquals", "QmluYXJ5", ["QmluYXJ5"], True),
    ("BinaryEquals", "QmluYXJ5", ["QmluYXJ6"], False),
    ("IpAddress", "10.1.2.3", ["10.0.0.0/8"], True),
    ("IpAddress", "10.1.2.3", ["10.1.2.3"], True),
    ("IpAddress", "10.1.2.3", ["10.1.2.4/24"], True),
    ("IpAddress", "10.1.2.3", ["11.0.0.0/8", "2001:db8::/32"], False),
    ("IpAddress", "2001:db8::1", ["10.0.0.0/8", "2001:db8::/32"], True),
    ("IpAddress", "here", ["0.0.0.0/0"], False),
    ("ArnEquals", TOPIC, [TOPIC], True),
    ("ArnEquals", TOPIC, ["arn:aws:sns:*:1:al*"], True),
    ("ArnLike", TOPIC, ["arn:aws:sns:*:alarms"], False),
    ("ArnLike", "alarms", ["alarms"], False),
]


@pytest.mark.parametrize(("operator", "given", "values", "expected"), POSITIVE)
def test_it_compares_with_each_value(operator: str, given: str, values: list[str], expected: bool) -> None:
    assert holds(operator, given, *values) is expected
    negation = FAMILIES[operator.lower()][1]
    if negation:
        assert holds(negation, given, *values) is not expected


def test_each_operator_is_compared() -> None:
    assert {operator.lower() for operator, *_ in POSITIVE} == set(FAMILIES)
    assert len(NEGATIONS) == 8


@pytest.mark.parametrize("operator", ["StringNotEquals", "StringNotLike", "StringNotEqualsIgnoreCase"])
def test_a_variable_without_a_value_is_unlike_all(operator: str) -> None:
    assert holds(operator, "red", "${none}")


def test_only_texts_and_arns_have_variables() -> None:
    with pytest.raises(ValueError, match="is not a boolean"):
        compile_condition("Bool", "k", ("${aws:SecureTransport}",), variables=True)
    assert not holds("StringEquals", "Red", "${team}", variables=False)
    assert not holds("BinaryEquals", "Red", "${team}")
