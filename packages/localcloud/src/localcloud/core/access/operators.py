"""The condition operators: how a value of the request is compared with the policy's."""

from __future__ import annotations

import ipaddress
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from localcloud.core.access.context import RequestContext
from localcloud.core.access.matching import Patterns, arn_pattern, text_pattern

# Whether a value of the request matches one of the policy's.
Test = Callable[[str, RequestContext], bool]
Compile = Callable[[Sequence[str], bool], Test]
Address = ipaddress.IPv4Network | ipaddress.IPv6Network

EPOCH = re.compile(r"\d+(\.\d+)?")
YEAR_AND_MONTH = re.compile(r"\d{4}-\d{2}")


def _texts(*, wildcards: bool, ignore_case: bool = False) -> Compile:
    def compile_values(values: Sequence[str], variables: bool) -> Test:
        patterns = [text_pattern(value, variables=variables, wildcards=wildcards) for value in values]
        return Patterns(patterns, ignore_case=ignore_case).match

    return compile_values


def _arns(values: Sequence[str], variables: bool) -> Test:
    return Patterns(arn_pattern(value, variables=variables) for value in values).match


def _comparison(parse: Callable[[str], Any], compare: Callable[[Any, Any], Any]) -> Compile:
    """``parse`` returns None for what is not of its kind: such a value of a request matches nothing."""

    def compile_values(values: Sequence[str], _variables: bool) -> Test:
        limits = [parsed(parse, value) for value in values]

        def test(value: str, _context: RequestContext) -> bool:
            given = parse(value)
            return given is not None and any(compare(given, limit) for limit in limits)

        return test

    return compile_values


def parsed(parse: Callable[[str], Any], value: str) -> Any:
    if (result := parse(value)) is None:
        raise ValueError(f"{value!r} is not a {parse.__name__}")
    return result


def number(text: str) -> Decimal | None:
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


def date(text: str) -> float | None:
    """Seconds since 1970, or ISO 8601."""
    if EPOCH.fullmatch(text):
        return float(text)
    try:
        value = datetime.fromisoformat(f"{text}-01" if YEAR_AND_MONTH.fullmatch(text) else text)
    except ValueError:
        return None
    return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()


def boolean(text: str) -> bool | None:
    return {"true": True, "false": False}.get(text.lower())


def network(text: str) -> Address | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def _inside(address: Address, network: Address) -> bool:
    return address.version == network.version and address.subnet_of(network)  # type: ignore[arg-type]


FAMILIES: Mapping[str, tuple[Compile, str]] = {
    "stringequals": (_texts(wildcards=False), "stringnotequals"),
    "stringequalsignorecase": (_texts(wildcards=False, ignore_case=True), "stringnotequalsignorecase"),
    "stringlike": (_texts(wildcards=True), "stringnotlike"),
    "arnequals": (_arns, "arnnotequals"),
    "arnlike": (_arns, "arnnotlike"),
    "numericequals": (_comparison(number, operator.eq), "numericnotequals"),
    "numericlessthan": (_comparison(number, operator.lt), ""),
    "numericlessthanequals": (_comparison(number, operator.le), ""),
    "numericgreaterthan": (_comparison(number, operator.gt), ""),
    "numericgreaterthanequals": (_comparison(number, operator.ge), ""),
    "dateequals": (_comparison(date, operator.eq), "datenotequals"),
    "datelessthan": (_comparison(date, operator.lt), ""),
    "datelessthanequals": (_comparison(date, operator.le), ""),
    "dategreaterthan": (_comparison(date, operator.gt), ""),
    "dategreaterthanequals": (_comparison(date, operator.ge), ""),
    "bool": (_comparison(boolean, operator.eq), ""),
    "binaryequals": (_texts(wildcards=False), ""),  # the context has the value in base64, as the policy has
    "ipaddress": (_comparison(network, _inside), "notipaddress"),
}
NEGATIONS = {negation: compile_values for compile_values, negation in FAMILIES.values() if negation}
WITH_VARIABLES = ("string", "arn")
