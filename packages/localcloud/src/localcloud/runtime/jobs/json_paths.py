"""The part of JSONPath that SageMaker's transform jobs know: ``$``, ``$.a.b``, ``$['a','b']``, ``$[0,5:]``, ``$[*]``.

Pure. As AWS documents it, several names or places stand in one bracket, places may be negative, and what is named but
not there is an error; a slice takes what there is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

Selector = str | int | slice
NAMES = re.compile(r"\s*(?:'([^']*)'|\"([^\"]*)\")\s*")
PLACES = re.compile(r"\s*(?=[-\d:])(-?\d+)?\s*(?:(:)\s*(-?\d+)?\s*)?")
STEP = re.compile(r"\.?\[(?P<inside>(?:'[^']*'|\"[^\"]*\"|[^\]'\"])*)\]|\.(?P<name>\*|[^.\[\]*'\"\s]+)")
ALL = slice(None)


class BadPath(ValueError):
    """Not a path that SageMaker knows."""


class NothingThere(ValueError):
    """A record has not what the path names."""


Path = Callable[[Any], Any]


def parse(text: str) -> Path:
    """A function from a record to what the path selects of it."""
    if not text.startswith("$"):
        raise BadPath(f"{text} must begin with $")
    steps, place = [], 1
    while place < len(text):
        found = STEP.match(text, place)
        if not found:
            raise BadPath(f"{text} cannot be read from its character {place + 1} on")
        steps.append(_selectors(found, text))
        place = found.end()
    if any(_several_names(step) for step in steps[:-1]):
        raise BadPath(f"{text}: nothing may follow several names")
    return lambda record: _select(record, steps)


def _several_names(step: list[Selector]) -> bool:
    return len(step) > 1 and isinstance(step[0], str)


def _selectors(found: re.Match[str], text: str) -> list[Selector]:
    name, inside = found["name"], found["inside"]
    if name is not None:
        return [ALL if name == "*" else name]
    if inside.strip() == "*":
        return [ALL]
    selectors = list(_listed(inside, text))
    if len({isinstance(selector, str) for selector in selectors}) > 1:
        raise BadPath(f"{text}: [{inside}] mixes names and places")
    return selectors


def _listed(inside: str, text: str) -> Iterator[Selector]:
    place = 0
    while place <= len(inside):
        found = NAMES.match(inside, place) or PLACES.match(inside, place)
        if not found or inside[found.end() : found.end() + 1] not in (",", "") or not any(found.groups()):
            raise BadPath(f"{text}: [{inside}] must have names in quotes, whole numbers or slices, with commas")
        yield _selector(found)
        place = found.end() + 1


def _selector(found: re.Match[str]) -> Selector:
    if found.re is NAMES:
        return str(found[1] if found[1] is not None else found[2])
    first, last = (int(number) if number else None for number in (found[1], found[3]))
    return slice(first, last) if found[2] else int(found[1])


def _select(value: Any, steps: list[list[Selector]]) -> Any:
    for number, step in enumerate(steps):
        if len(step) == 1 and not isinstance(step[0], slice):
            value = _one(value, step[0])
        elif _several_names(step):
            return {name: _one(value, name) for name in step}
        else:
            found = [each for selector in step for each in _some(value, selector)]
            rest = steps[number + 1 :]
            return [_select(each, rest) for each in found] if rest else found
    return value


def _some(value: Any, selector: Selector) -> list[Any]:
    if not isinstance(selector, slice):
        return [_one(value, selector)]
    if isinstance(value, dict) and selector == ALL:
        return list(value.values())
    if not isinstance(value, list):
        raise NothingThere(f"{_shown(value)} is no list")
    return value[selector]


def _one(value: Any, selector: Selector) -> Any:
    try:
        if isinstance(value, dict) and isinstance(selector, str):
            return value[selector]
        if isinstance(value, list) and isinstance(selector, int):
            return value[selector]
    except (KeyError, IndexError):
        pass
    raise NothingThere(f"{_shown(value)} has no {selector!r}")


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
