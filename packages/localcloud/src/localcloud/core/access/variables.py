"""Texts of a policy, taken apart: literal text, wildcards, and variables such as ``${aws:username}``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from localcloud.core.access.context import RequestContext

TOKENS = re.compile(r"\$\{([^}]*)\}|\*+|\?|[^*?$]+|\$")
OLD_TOKENS = re.compile(r"\*+|\?|[^*?]+")  # before 2012-10-17 there are no variables
SPECIFICATION = re.compile(r"\s*([^,]*?)\s*(?:,\s*'(.*)'\s*)?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Variable:
    key: str
    default: str | None = None

    def value(self, context: RequestContext) -> str | None:
        """None without a value, or with several: such a text matches nothing."""
        values = context.get(self.key)
        return values[0] if len(values) == 1 and values[0] else self.default


@dataclass(frozen=True, slots=True)
class Literal:
    text: str


@dataclass(frozen=True, slots=True)
class Wildcard:
    text: str  # * or ?


Token = Literal | Wildcard | Variable


def tokens(text: str, *, variables: bool) -> Iterator[Token]:
    for match in (TOKENS if variables else OLD_TOKENS).finditer(text):
        if match[0][0] in "*?":
            yield Wildcard(match[0][0])
        elif variables and match[1] is not None:
            yield _variable(match[1])
        else:
            yield Literal(match[0])


def _variable(specification: str) -> Token:
    """``${*}``, ``${?}`` and ``${$}`` are the characters themselves."""
    if specification in ("*", "?", "$"):
        return Literal(specification)
    match = SPECIFICATION.fullmatch(specification)
    return Variable(match[1].lower(), match[2]) if match else Variable(specification.lower())
