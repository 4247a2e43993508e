"""Event patterns: checked, compiled, matched with events. Pure.

A pattern is an object of fields; each field is a list of tests of its value (operators.py), or an object again.
All fields must match, and one branch of every ``$or``. Where the event has a list, one of its members must match; the
fields of one object in a list of objects are matched together.

Not reproduced: a dotted name for a nested field, and AWS's refusal of patterns with too many wildcards.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from typing import Any

from localcloud.services.events.operators import OPERATORS, InvalidPattern, Test, absent, compile_test

__all__ = ["Fields", "InvalidPattern", "compile_pattern"]
OR = "$or"
MAX_COMBINATIONS = 1000
RESERVED_IN_OR = {*OPERATORS, "exactly", "regex", "=", "<", "<=", ">", ">="}
_MISSING: Any = []  # an absent field is the same as an empty list


@dataclass(frozen=True)
class Leaf:
    tests: tuple[Test, ...]

    @property
    def absence_only(self) -> bool:
        return all(test is absent for test in self.tests)

    @property
    def combinations(self) -> int:
        return 1

    def matches(self, value: Any) -> bool:
        scalars = [item for item in _items(value) if not isinstance(item, dict)]
        if not scalars:
            return absent in self.tests
        return any(test(scalar) for scalar in scalars for test in self.tests)


@dataclass(frozen=True)
class Fields:
    fields: dict[str, Fields | Leaf]
    choices: tuple[Fields, ...] = ()  # the branches of $or

    @property
    def absence_only(self) -> bool:
        return all(part.absence_only for part in (*self.fields.values(), *self.choices))

    @property
    def combinations(self) -> int:
        choices = sum(branch.combinations for branch in self.choices) if self.choices else 1
        return choices * prod(field.combinations for field in self.fields.values())

    def matches(self, value: Any) -> bool:
        objects = [item if isinstance(item, dict) else {} for item in _items(value)] or [{}]
        quantifier = all if self.absence_only else any  # a field is absent when no member of the list has it
        return quantifier(self._matches_object(item) for item in objects)

    def _matches_object(self, event: dict[str, Any]) -> bool:
        if self.choices and not any(branch._matches_object(event) for branch in self.choices):
            return False
        return all(part.matches(event.get(name, _MISSING)) for name, part in self.fields.items())


def compile_pattern(text: str) -> Fields:
    try:
        pattern = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise InvalidPattern("Invalid JSON") from None
    if not isinstance(pattern, dict):
        raise InvalidPattern("Filter is not an object")
    compiled = _fields(pattern, "")
    if compiled.combinations > MAX_COMBINATIONS:
        raise InvalidPattern(
            f"Rule has {compiled.combinations} combinations of $or, at most {MAX_COMBINATIONS} are allowed"
        )
    return compiled


def _fields(pattern: dict[str, Any], where: str, *, in_or: bool = False) -> Fields:
    if not pattern:
        raise InvalidPattern(_at("Empty objects are not allowed", where))
    fields: dict[str, Fields | Leaf] = {}
    for name, value in pattern.items():
        place = f"{where}.{name}" if where else name
        if name == OR:
            continue
        if in_or and name in RESERVED_IN_OR:
            raise InvalidPattern(_at(f"{name} is Ruler reserved fieldName which cannot be used inside {OR}.", where))
        if isinstance(value, dict):
            fields[name] = _fields(value, place, in_or=in_or)
        elif isinstance(value, list):
            fields[name] = _leaf(value, place)
        else:
            raise InvalidPattern(_at(f'"{name}" must be an object or an array', place))
    return Fields(fields, _branches(pattern[OR], where) if OR in pattern else ())


def _branches(value: Any, where: str) -> tuple[Fields, ...]:
    if not isinstance(value, list):
        raise InvalidPattern(_at(f"It must be an Array followed with {OR}.", where))
    if not all(isinstance(branch, dict) for branch in value):
        raise InvalidPattern(_at(f"Only JSON object is allowed in array of {OR} relationship.", where))
    if len(value) < 2:
        raise InvalidPattern(_at(f"There must have at least 2 Objects in {OR} relationship.", where))
    return tuple(_fields(branch, where, in_or=True) for branch in value)


def _leaf(entries: list[Any], where: str) -> Leaf:
    if not entries:
        raise InvalidPattern(_at("Empty arrays are not allowed", where))
    try:
        return Leaf(tuple(compile_test(entry) for entry in entries))
    except InvalidPattern as problem:
        raise InvalidPattern(_at(str(problem), where)) from None


def _items(value: Any) -> Iterator[Any]:
    """The members of a list and of its inner lists; anything else is its own only member."""
    if isinstance(value, list):
        for item in value:
            yield from _items(item)
    else:
        yield value


def _at(reason: str, where: str) -> str:
    return f"{reason} at {where}" if where else reason


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
