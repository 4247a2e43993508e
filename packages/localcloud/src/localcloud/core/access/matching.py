"""Patterns of actions, resources and texts, compiled once to regular expressions.

In an ARN a wildcard stays inside its field: only the resource, the sixth, may have colons of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from localcloud.core.access.context import RequestContext
from localcloud.core.access.variables import Literal, Token, Variable, Wildcard, tokens

ARN_FIELDS = 6
ARN_PARTS = re.compile(r"\$\{[^}]*\}|:|[^:$]+|\$")


@dataclass(frozen=True, slots=True)
class Pattern:
    """Regular expressions, and between them variables."""

    fragments: tuple[str | Variable, ...]
    exact: str | None = None  # the text, where nothing but that text matches

    @property
    def static(self) -> str | None:
        return None if any(isinstance(part, Variable) for part in self.fragments) else "".join(map(str, self.fragments))

    def resolve(self, context: RequestContext) -> str | None:
        """The regular expression with the variables' values, which have no wildcards; None if one has no value."""
        values = [part.value(context) if isinstance(part, Variable) else part for part in self.fragments]
        if any(value is None for value in values):
            return None
        return "".join(
            re.escape(str(value)) if isinstance(part, Variable) else part
            for part, value in zip(self.fragments, values, strict=True)
        )


class Patterns:
    """Any of several patterns."""

    def __init__(self, patterns: Iterable[Pattern], *, ignore_case: bool = False) -> None:
        self._flags = re.DOTALL | (re.IGNORECASE if ignore_case else 0)
        every = list(patterns)
        self._exact = frozenset(p.exact for p in every if p.exact is not None and not ignore_case)
        static = [p.static for p in every if p.static is not None and (ignore_case or p.exact is None)]
        self._regex = re.compile("|".join(f"(?:{source})" for source in static), self._flags) if static else None
        self._dynamic = [p for p in every if p.static is None]

    def match(self, text: str, context: RequestContext) -> bool:
        if text in self._exact or (self._regex and self._regex.fullmatch(text)):
            return True
        return any(self._match(pattern, text, context) for pattern in self._dynamic)

    def _match(self, pattern: Pattern, text: str, context: RequestContext) -> bool:
        source = pattern.resolve(context)
        return source is not None and _compiled(source, self._flags).fullmatch(text) is not None


@lru_cache(maxsize=4096)
def _compiled(source: str, flags: int) -> re.Pattern[str]:
    return re.compile(source, flags)


def text_pattern(text: str, *, variables: bool, wildcards: bool = True) -> Pattern:
    parts = list(tokens(text, variables=variables))
    if not wildcards:
        parts = [Literal(part.text) if isinstance(part, Wildcard) else part for part in parts]
    return _pattern([(parts, ".")])


def action_pattern(action: str) -> Pattern:
    """Actions are compared in lower case."""
    if action != "*" and ":" not in action:
        raise ValueError(f"{action!r} is not an action: it has no service, as s3:GetObject has")
    return text_pattern(action.lower(), variables=False)


def resource_pattern(resource: str, *, variables: bool) -> Pattern:
    """Fields that an ARN lacks are ``*``; variables are replaced in its last one only."""
    if resource == "*":
        return text_pattern(resource, variables=False)
    fields = resource.split(":", ARN_FIELDS - 1)
    if fields[0] != "arn":
        raise ValueError(f"{resource!r} is neither an ARN nor *")
    fields += ["*"] * (ARN_FIELDS - len(fields))
    return _arn_pattern(fields, [False] * (ARN_FIELDS - 1) + [variables])


def arn_pattern(arn: str, *, variables: bool) -> Pattern:
    """Of a condition's value: it matches nothing if it is not an ARN."""
    fields = list(_fields(arn, variables))
    if len(fields) < ARN_FIELDS:
        return Pattern(("(?!)",))
    return _arn_pattern(
        [*fields[: ARN_FIELDS - 1], ":".join(fields[ARN_FIELDS - 1 :])],
        [variables] * ARN_FIELDS,
    )


def _fields(arn: str, variables: bool) -> Iterator[str]:
    """Split at colons, but for those of variables."""
    if not variables:
        yield from arn.split(":")
        return
    field = ""
    for part in ARN_PARTS.findall(arn):
        if part == ":":
            yield field
            field = ""
        else:
            field += part
    yield field


def _arn_pattern(fields: list[str], variables: list[bool]) -> Pattern:
    inside = ["[^:]"] * (ARN_FIELDS - 1) + ["."]
    parts = [list(tokens(field, variables=replaced)) for field, replaced in zip(fields, variables, strict=True)]
    return _pattern(list(zip(parts, inside, strict=True)))


def _pattern(fields: list[tuple[list[Token], str]]) -> Pattern:
    """Of the tokens of each field, and of the character that its wildcards stand for."""
    fragments: list[str | Variable] = []
    for number, (parts, inside) in enumerate(fields):
        fragments += [":"] * bool(number) + _fragments(parts, inside)
    if all(isinstance(part, Literal) for parts, _ in fields for part in parts):
        texts = ["".join(part.text for part in parts if isinstance(part, Literal)) for parts, _ in fields]
        return Pattern(tuple(fragments), ":".join(texts))
    return Pattern(tuple(fragments))


def _fragments(parts: list[Token], inside: str) -> list[str | Variable]:
    """What follows a * is taken where it first occurs, but for the end: another place never helps, and takes long."""
    runs: list[list[str | Variable]] = [[]]
    for part in parts:
        if part == Wildcard("*"):
            runs.append([])
        else:
            runs[-1].append(_fragment(part, inside))
    first, *others = runs
    for run in others[:-1]:
        first += [f"(?>{inside}*?", *run, ")"]
    return [*first, f"{inside}*", *others[-1]] if others else first


def _fragment(part: Token, inside: str) -> str | Variable:
    match part:
        case Literal(text):
            return re.escape(text)
        case Wildcard():
            return inside
        case _:
            return part
