"""One value of a pattern's list: a literal, or an operator such as ``{"prefix": "eu-"}``. Pure.

Each becomes a test of one scalar of an event. What AWS refuses in PutRule raises ``InvalidPattern``, with AWS's
message as far as it is known.
"""

from __future__ import annotations

import ipaddress
import operator
import re
from collections.abc import Callable
from typing import Any

Test = Callable[[Any], bool]
MAX_NUMBER = 5e9  # larger numbers are compared for equality only
DECIMALS = 6
BOUNDS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class InvalidPattern(Exception):
    """Why AWS refuses a pattern."""


def absent(_: Any) -> bool:
    """``{"exists": false}``: no value passes; an absent field does (see patterns.py)."""
    return False


def compile_test(entry: Any) -> Test:
    if isinstance(entry, list):
        raise InvalidPattern("Match value must be String, number, true, false, or null")
    if not isinstance(entry, dict):
        return _exactly(entry)
    name, operand = _only_member(entry, "Match expression name not found")
    if name not in OPERATORS:
        raise InvalidPattern(f"Unrecognized match type {name}")
    return OPERATORS[name](operand)


def _only_member(entry: dict[str, Any], empty: str) -> tuple[str, Any]:
    if not entry:
        raise InvalidPattern(empty)
    if len(entry) > 1:
        raise InvalidPattern("Only one key allowed in match expression")
    return next(iter(entry.items()))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _exactly(expected: Any) -> Test:
    """Numbers by value: 300 is 3.0e2; but true is not 1, and "300" is not a number."""
    if _is_number(expected):
        return lambda value: _is_number(value) and value == expected
    return lambda value: type(value) is type(expected) and value == expected


def _text(operand: Any, name: str) -> str:
    if not isinstance(operand, str):
        raise InvalidPattern(f"{name} match pattern must be a string")
    return operand


def _of_text(test: Test) -> Test:
    return lambda value: isinstance(value, str) and test(value)


def _affix(name: str, has: Callable[[str, str], bool]) -> Callable[[Any], Test]:
    def compile_affix(operand: Any) -> Test:
        if not isinstance(operand, dict):
            text = _text(operand, name)
            return _of_text(lambda value: has(value, text))
        inner, inner_operand = _only_member(operand, f"{name} expression name not found")
        if inner != "equals-ignore-case":
            raise InvalidPattern(f"Unsupported {name} pattern: {inner}")
        lowered = _text(inner_operand, inner).lower()
        return _of_text(lambda value: has(value.lower(), lowered))

    return compile_affix


def _ignoring_case(operand: Any) -> Test:
    lowered = _text(operand, "equals-ignore-case").lower()
    return _of_text(lambda value: value.lower() == lowered)


def _wildcard(operand: Any) -> Test:
    r"""``*`` is any text; ``\*`` and ``\\`` are themselves; two in a row are refused."""
    text, pattern, place = _text(operand, "wildcard"), "", 0
    while place < len(text):
        character, following = text[place], text[place + 1 : place + 2]
        if character == "*" and following == "*":
            raise InvalidPattern(f"Consecutive wildcard characters at pos {place}")
        if character == "\\":
            if following not in ("*", "\\") or not following:
                raise InvalidPattern(f"Invalid escape character at pos {place}")
            place, character = place + 1, following
            pattern += re.escape(character)
        else:
            pattern += ".*" if character == "*" else re.escape(character)
        place += 1
    compiled = re.compile(pattern, re.DOTALL)
    return _of_text(lambda value: compiled.fullmatch(value) is not None)


def _numeric(operand: Any) -> Test:
    if not isinstance(operand, list):
        raise InvalidPattern("Value of numeric must be an array.")
    if not operand:
        raise InvalidPattern("Invalid member in numeric match: ]")
    if operand[0] == "=":
        equal = _bound("=", operand)
        _no_more(operand[2:])
        return lambda value: _comparable(value) and round(value, DECIMALS) == equal
    return _range(operand)


def _range(operand: list[Any]) -> Test:
    """A lower bound may be followed by an upper one, never the other way round."""
    first, rest = operand[0], operand[2:]
    if first not in BOUNDS:
        raise InvalidPattern(f"Unrecognized numeric range operator: {first}")
    bounds = [(BOUNDS[first], _bound(first, operand))]
    if rest and first in (">", ">="):
        if rest[0] not in ("<", "<="):
            raise InvalidPattern(f"Bad numeric range operator: {rest[0]}")
        bounds.append((BOUNDS[rest[0]], _bound(rest[0], rest)))
        rest = rest[2:]
        if bounds[0][1] >= bounds[1][1]:
            raise InvalidPattern("Bottom must be less than top")
    _no_more(rest)
    return lambda value: _comparable(value) and all(holds(round(value, DECIMALS), to) for holds, to in bounds)


def _bound(name: str, operand: list[Any]) -> float:
    if len(operand) < 2 or not _is_number(operand[1]):
        raise InvalidPattern(f"Value of {'equals' if name == '=' else name} must be numeric")
    if not _comparable(operand[1]):
        raise InvalidPattern(f"Value must be between {-MAX_NUMBER} and {MAX_NUMBER}, inclusive")
    return round(float(operand[1]), DECIMALS)


def _comparable(value: Any) -> bool:
    return _is_number(value) and -MAX_NUMBER <= value <= MAX_NUMBER


def _no_more(rest: list[Any]) -> None:
    if rest:
        raise InvalidPattern("Too many elements in numeric expression")


def _cidr(operand: Any) -> Test:
    text = _text(operand, "cidr")
    if text.count("/") != 1:
        raise InvalidPattern("Malformed CIDR, one '/' required")
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise InvalidPattern(f"Malformed CIDR: {text}") from None

    def inside(value: str) -> bool:
        try:
            return ipaddress.ip_address(value) in network
        except ValueError:
            return False

    return _of_text(inside)


def _exists(operand: Any) -> Test:
    if not isinstance(operand, bool):
        raise InvalidPattern("exists match pattern must be either true or false.")
    return (lambda _: True) if operand else absent


def _anything_but(operand: Any) -> Test:
    """Any value of any type that is none of these."""
    if isinstance(operand, dict):
        name, inner = _only_member(operand, "Anything-But expression name not found")
        if name not in ("prefix", "suffix", "equals-ignore-case", "wildcard"):
            raise InvalidPattern(f"Unsupported anything-but pattern: {name}")
        tests = [OPERATORS[name](_checked_text(text, name)) for text in _listed(inner, name)]
    else:
        values = _listed(operand, "anything-but")
        kinds = {"number" if _is_number(value) else type(value).__name__ for value in values}
        if not kinds <= {"number", "str"}:
            raise InvalidPattern("Inside anything but list, start|null|boolean is not supported.")
        if len(kinds) != 1:
            raise InvalidPattern(
                "Inside anything but list, either all values are number or string, mixed type is not supported"
            )
        tests = [_exactly(value) for value in values]
    return lambda value: not any(test(value) for test in tests)


def _listed(operand: Any, name: str) -> list[Any]:
    values = operand if isinstance(operand, list) else [operand]
    if not values:
        raise InvalidPattern(f"Value of {name} inside anything-but must not be empty")
    return values


def _checked_text(text: Any, name: str) -> Any:
    if not isinstance(text, str):
        raise InvalidPattern(f"anything-but {name} match pattern must be a string")
    if not text and name in ("prefix", "suffix"):
        raise InvalidPattern("Null prefix/suffix not allowed")
    return text


OPERATORS: dict[str, Callable[[Any], Test]] = {
    "prefix": _affix("prefix", str.startswith),
    "suffix": _affix("suffix", str.endswith),
    "equals-ignore-case": _ignoring_case,
    "wildcard": _wildcard,
    "numeric": _numeric,
    "cidr": _cidr,
    "exists": _exists,
    "anything-but": _anything_but,
}
