"""Metric math: text to tree.

    IF(m2 > 100, 100 * m1 / m2, 0)        FILL(METRICS("error"), 0)        SUM([m1, m2]) >= 5 AND m3 < 1

Precedence from low to high: OR, AND, comparisons, + and -, * and /, minus before a value, ^.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

LEVELS = (("OR", "||"), ("AND", "&&"), ("==", "!=", "<=", ">=", "<", ">"), ("+", "-"), ("*", "/"))
SYNONYMS = {"||": "OR", "&&": "AND"}
MAX_DEPTH = 30
T = TypeVar("T")
TOKEN = re.compile(
    r"""\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?P<text>"[^"]*"|'[^']*')|(?P<name>[A-Za-z_]\w*)
    |(?P<mark>==|!=|<=|>=|&&|\|\||[-+*/^<>(),\[\]]))""",
    re.VERBOSE | re.ASCII,
)


class BadExpression(ValueError):
    """What is wrong with an expression."""


@dataclass(frozen=True)
class Number:
    value: float


@dataclass(frozen=True)
class Text:
    value: str


@dataclass(frozen=True)
class Name:
    """The id of a metric or an expression: begins with a small letter."""

    id: str


@dataclass(frozen=True)
class Word:
    """A capital word that is not a function: REPEAT, LINEAR."""

    word: str


@dataclass(frozen=True)
class Array:
    items: tuple[Node, ...]


@dataclass(frozen=True)
class Call:
    function: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True)
class Negative:
    operand: Node


@dataclass(frozen=True)
class Chain:
    """Operators of one level, evaluated from left to right."""

    first: Node
    rest: tuple[tuple[str, Node], ...]


Node = Number | Text | Name | Word | Array | Call | Negative | Chain


class Token(NamedTuple):
    kind: str  # number, text, name, mark, end
    text: str


def parse(text: str) -> Node:
    parser = _Parser(list(_tokens(text)))
    tree = parser.level(0)
    parser.expect("")
    return tree


def names(tree: Node) -> set[str]:
    """The ids in an expression."""
    ids, waiting = set(), [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Name):
            ids.add(node.id)
        elif isinstance(node, Array):
            waiting.extend(node.items)
        elif isinstance(node, Call):
            waiting.extend(node.arguments)
        elif isinstance(node, Negative):
            waiting.append(node.operand)
        elif isinstance(node, Chain):
            waiting.extend((node.first, *(operand for _, operand in node.rest)))
    return ids


def _tokens(text: str) -> Iterator[Token]:
    place, text = 0, text.rstrip()
    while place < len(text):
        match = TOKEN.match(text, place)
        if not match or not match.lastgroup:
            raise BadExpression(f"{text[place:].strip()[:20]!r} is not understood")
        token = match[match.lastgroup]
        yield Token("mark" if token in ("AND", "OR") else match.lastgroup, SYNONYMS.get(token, token))
        place = match.end()
    yield Token("end", "")


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self.tokens, self.place, self.depth = tokens, 0, 0

    @property
    def next(self) -> Token:
        return self.tokens[self.place]

    def take(self) -> Token:
        token = self.next
        self.place += 1
        return token

    def accept(self, mark: str) -> bool:
        if self.next != ("mark", mark):
            return False
        self.place += 1
        return True

    def expect(self, mark: str) -> None:
        """ "" stands for the end."""
        if self.next.kind != "end" if not mark else not self.accept(mark):
            text = repr(self.next.text) if self.next.text else "the end"
            raise BadExpression(f"{text} stands where {repr(mark) if mark else 'the end'} should")

    def level(self, number: int) -> Node:
        if number == len(LEVELS):
            return self.signed()
        first, rest = self.level(number + 1), []
        while self.next.kind == "mark" and self.next.text in LEVELS[number]:
            operator = self.take().text
            rest.append((operator, self.level(number + 1)))
        return Chain(first, tuple(rest)) if rest else first

    def signed(self) -> Node:
        negative = False
        while self.next in (("mark", "-"), ("mark", "+")):
            negative ^= self.take().text == "-"
        value = self.power()
        return Negative(value) if negative else value

    def power(self) -> Node:
        base = self.value()
        if not self.accept("^"):
            return base
        with_it = self.deeper(self.signed)
        return Chain(base, (("^", with_it),))

    def value(self) -> Node:
        kind, text = token = self.take()
        if kind == "number":
            return Number(float(text))
        if kind == "text":
            return Text(text[1:-1])
        if kind == "name":
            return self.named(text)
        if token == ("mark", "("):
            inner = self.deeper(lambda: self.level(0))
            self.expect(")")
            return inner
        if token == ("mark", "["):
            return Array(self.deeper(lambda: self.listed("]")))
        raise BadExpression(f"{text!r} stands where a value should" if text else "it ends where a value should stand")

    def named(self, text: str) -> Node:
        if self.accept("("):
            return Call(text, self.deeper(lambda: self.listed(")")))
        return Name(text) if text[0].islower() else Word(text)

    def listed(self, end: str) -> tuple[Node, ...]:
        if self.accept(end):
            return ()
        items = [self.level(0)]
        while self.accept(","):
            items.append(self.level(0))
        self.expect(end)
        return tuple(items)

    def deeper(self, part: Callable[[], T]) -> T:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise BadExpression(f"it is nested deeper than {MAX_DEPTH}")
        node = part()
        self.depth -= 1
        return node
