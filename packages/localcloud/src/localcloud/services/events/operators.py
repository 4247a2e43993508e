"""One value of a pattern's list: a literal, or an operator such as ``{"prefix": "eu-"}``. Pure.

Each becomes a test of one scalar of an event. What AWS refuses when a rule is put raises ``Invalid``, in AWS's words
as far as they are known.
"""

from __future__ import annotations

import ipaddress
import operator
import re
from collections.abc import Callable
from typing import Any

Test = Callable[[Any], bool]
LARGEST = 5e9  # numbers beyond are compared for equality only
DECIMALS = 6
BOUNDS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Invalid(Exception):
    """Why a pattern is none."""


def absent(_: Any) -> bool:
    """``{"exists": false}``: no value passes; that there is none does (see patterns.py)."""
    return False


def compile_test(entry: Any) -> Test:
    if isinstance(entry, list):
        raise Invalid("Match value must be String, number, true, false, or null")
    if not isinstance(entry, dict):
        return _exactly(entry)
    name, operand = _only_member(entry, "Match expression name not found")
    if name not in OPERATORS:
        raise Invalid(f"Unrecognized match type {name}")
    return OPERATORS[name](operand)


def _only_member(entry: dict[str, Any], empty: str) -> tuple[str, Any]:
    if not entry:
        raise Invalid(empty)
    if len(entry) > 1:
        raise Invalid("Only one key allowed in match expression")
    return next(iter(entry.items()))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _exactly(wanted: Any) -> Test:
    """Numbers by value: 300 is 3.0e2; but true is not 1, and "300" is no number."""
    if _is_number(wanted):
        return lambda value: _is_number(value) and value == wanted
    return lambda value: type(value) is type(wanted) and value == wanted


def _text(operand: Any, name: str) -> str:
    if not isinstance(operand, str):
        raise Invalid(f"{name} match pattern must be a string")
    return operand


def _of_text(test: Test) -> Test:
    return lambda value: isinstance(value, str) and test(value)


def _affix(name: str, has: Callable[[str, str], bool]) -> Callable[[Any], Test]:
    def compile_affix(operand: Any) -> Test:
        if not isinstance(operand, dict):
            wanted = _text(operand, name)
            return _of_text(lambda value: has(value, wanted))
        inner, text = _only_member(operand, f"{name} expression name not found")
        if inner != "equals-ignore-case":
            raise Invalid(f"Unsupported {name} pattern: {inner}")
        lowered = _text(text, inner).lower()
        return _of_text(lambda value: has(value.lower(), lowered))

    return compile_affix


def _ignoring_case(operand: Any) -> Test:
    wanted = _text(operand, "equals-ignore-case").lower()
    return _of_text(lambda value: value.lower() == wanted)


def _wildcard(operand: Any) -> Test:
    r"""``*`` is any text; ``\*`` and ``\\`` are themselves; two in a row are refused."""
    text, pattern, place = _text(operand, "wildcard"), "", 0
    while place < len(text):
        character, following = text[place], text[place + 1 : place + 2]
        if character == "*" and following == "*":
            raise Invalid(f"Consecutive wildcard characters at pos {place}")
        if character == "\\":
            if following not in ("*", "\\") or not following:
                raise Invalid(f"Invalid escape character at pos {place}")
            place, character = place + 1, following
            pattern += re.escape(character)
        else:
            pattern += ".*" if character == "*" else re.escape(character)
        place += 1
    compiled = re.compile(pattern, re.DOTALL)
    return _of_text(lambda value: compiled.fullmatch(value) is not None)


def _numeric(operand: Any) -> Test:
    if not isinstance(operand, list):
        raise Invalid("Value of numeric must be an array.")
    if not operand:
        raise Invalid("Invalid member in numeric match: ]")
    if operand[0] == "=":
        equal = _bound("=", operand)
        _no_more(operand[2:])
        return lambda value: _comparable(value) and round(value, DECIMALS) == equal
    return _range(operand)


def _range(operand: list[Any]) -> Test:
    """A lower bound may be followed by an upper one, never the other way round."""
    first, rest = operand[0], operand[2:]
    if first not in BOUNDS:
        raise Invalid(f"Unrecognized numeric range operator: {first}")
    bounds = [(BOUNDS[first], _bound(first, operand))]
    if rest and first in (">", ">="):
        if rest[0] not in ("<", "<="):
            raise Invalid(f"Bad numeric range operator: {rest[0]}")
        bounds.append((BOUNDS[rest[0]], _bound(rest[0], rest)))
        rest = rest[2:]
        if bounds[0][1] >= bounds[1][1]:
            raise Invalid("Bottom must be less than top")
    _no_more(rest)
    return lambda value: _comparable(value) and all(holds(round(value, DECIMALS), to) for holds, to in bounds)


def _bound(name: str, operand: list[Any]) -> float:
    if len(operand) < 2 or not _is_number(operand[1]):
        raise Invalid(f"Value of {'equals' if name == '=' else name} must be numeric")
    if not _comparable(operand[1]):
        raise Invalid(f"Value must be between {-LARGEST} and {LARGEST}, inclusive")
    return round(float(operand[1]), DECIMALS)


def _comparable(value: Any) -> bool:
    return _is_number(value) and -LARGEST <= value <= LARGEST


def _no_more(rest: list[Any]) -> None:
    if rest:
        raise Invalid("Too many elements in numeric expression")


def _cidr(operand: Any) -> Test:
    text = _text(operand, "cidr")
    if text.count("/") != 1:
        raise Invalid("Malformed CIDR, one '/' required")
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise Invalid(f"Malformed CIDR: {text}") from None

    def inside(value: str) -> bool:
        try:
            return ipaddress.ip_address(value) in network
        except ValueError:
            return False

    return _of_text(inside)


def _exists(operand: Any) -> Test:
    if not isinstance(operand, bool):
        raise Invalid("exists match pattern must be either true or false.")
    return (lambda _: True) if operand else absent


def _anything_but(operand: Any) -> Test:
    """Any value there is, of whatever type, that is none of these."""
    if isinstance(operand, dict):
        name, inner = _only_member(operand, "Anything-But expression name not found")
        if name not in ("prefix", "suffix", "equals-ignore-case", "wildcard"):
            raise Invalid(f"Unsupported anything-but pattern: {name}")
        tests = [OPERATORS[name](_filled(text, name)) for text in _listed(inner, name)]
    else:
        values = _listed(operand, "anything-but")
        kinds = {"number" if _is_number(value) else type(value).__name__ for value in values}
        if not kinds <= {"number", "str"}:
            raise Invalid("Inside anything but list, start|null|boolean is not supported.")
        if len(kinds) != 1:
            raise Invalid(
                "Inside anything but list, either all values are number or string, mixed type is not supported"
            )
        tests = [_exactly(value) for value in values]
    return lambda value: not any(test(value) for test in tests)


def _listed(operand: Any, name: str) -> list[Any]:
    values = operand if isinstance(operand, list) else [operand]
    if not values:
        raise Invalid(f"Value of {name} inside anything-but must not be empty")
    return values


def _filled(text: Any, name: str) -> Any:
    if not isinstance(text, str):
        raise Invalid(f"anything-but {name} match pattern must be a string")
    if not text and name in ("prefix", "suffix"):
        raise Invalid("Null prefix/suffix not allowed")
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
