"""The part of JSONPath that SageMaker's transform jobs have: ``$``, ``$.a.b``, ``$['a','b']``, ``$[0,5:]``, ``$[*]``.

As AWS documents it, a bracket may have several names or indices, indices may be negative, and a missing name or index
is an error; a slice takes what exists.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

Selector = str | int | slice
NAMES = re.compile(r"\s*(?:'([^']*)'|\"([^\"]*)\")\s*")
INDICES = re.compile(r"\s*(?=[-\d:])(-?\d+)?\s*(?:(:)\s*(-?\d+)?\s*)?")
STEP = re.compile(r"\.?\[(?P<selectors>(?:'[^']*'|\"[^\"]*\"|[^\]'\"])*)\]|\.(?P<name>\*|[^.\[\]*'\"\s]+)")
ALL = slice(None)


class InvalidPath(ValueError):
    """Not a path that SageMaker accepts."""


class NoMatch(ValueError):
    """A record does not have what the path names."""


Path = Callable[[Any], Any]


def parse(text: str) -> Path:
    """Returns a function from a record to what the path selects of it."""
    if not text.startswith("$"):
        raise InvalidPath(f"{text} must begin with $")
    steps, position = [], 1
    while position < len(text):
        match = STEP.match(text, position)
        if not match:
            raise InvalidPath(f"{text} is not valid from its character {position + 1} on")
        steps.append(_selectors(match, text))
        position = match.end()
    if any(_several_names(step) for step in steps[:-1]):
        raise InvalidPath(f"{text}: nothing may follow several names")
    return lambda record: _select(record, steps)


def _several_names(step: list[Selector]) -> bool:
    return len(step) > 1 and isinstance(step[0], str)


def _selectors(match: re.Match[str], text: str) -> list[Selector]:
    name, listed = match["name"], match["selectors"]
    if name is not None:
        return [ALL if name == "*" else name]
    if listed.strip() == "*":
        return [ALL]
    selectors = list(_parse(listed, text))
    if len({isinstance(selector, str) for selector in selectors}) > 1:
        raise InvalidPath(f"{text}: [{listed}] mixes names and indices")
    return selectors


def _parse(listed: str, text: str) -> Iterator[Selector]:
    position = 0
    while position <= len(listed):
        match = NAMES.match(listed, position) or INDICES.match(listed, position)
        if not match or listed[match.end() : match.end() + 1] not in (",", "") or not any(match.groups()):
            raise InvalidPath(f"{text}: [{listed}] must have names in quotes, whole numbers or slices, with commas")
        yield _selector(match)
        position = match.end() + 1


def _selector(match: re.Match[str]) -> Selector:
    if match.re is NAMES:
        return str(match[1] if match[1] is not None else match[2])
    first, last = (int(number) if number else None for number in (match[1], match[3]))
    return slice(first, last) if match[2] else int(match[1])


def _select(value: Any, steps: list[list[Selector]]) -> Any:
    for number, step in enumerate(steps):
        if len(step) == 1 and not isinstance(step[0], slice):
            value = _one(value, step[0])
        elif _several_names(step):
            return {name: _one(value, name) for name in step}
        else:
            selected = [each for selector in step for each in _all(value, selector)]
            rest = steps[number + 1 :]
            return [_select(each, rest) for each in selected] if rest else selected
    return value


def _all(value: Any, selector: Selector) -> list[Any]:
    if not isinstance(selector, slice):
        return [_one(value, selector)]
    if isinstance(value, dict) and selector == ALL:
        return list(value.values())
    if not isinstance(value, list):
        raise NoMatch(f"{_shorten(value)} is not a list")
    return value[selector]


def _one(value: Any, selector: Selector) -> Any:
    try:
        if isinstance(value, dict) and isinstance(selector, str):
            return value[selector]
        if isinstance(value, list) and isinstance(selector, int):
            return value[selector]
    except (KeyError, IndexError):
        pass
    raise NoMatch(f"{_shorten(value)} has no {selector!r}")


def _shorten(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
