"""Texts with ``${...}``, each a JMESPath expression on a request, as the table of calls has them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from itertools import product
from typing import Any
from urllib.parse import parse_qsl, unquote

import jmespath
from jmespath import functions
from jmespath.exceptions import JMESPathError

from localcloud.core.arn import Arn

HOLE = re.compile(r"\$\{(.+?)\}")
KEY_ID_LENGTH = 36
# Parts of expressions that apply what follows to the value of what precedes.
ON_THE_LEFT = {"subexpression", "index_expression", "projection", "filter_projection", "value_projection", "pipe"}
ANY: dict[str, list[str]] = {"types": []}
STRING = {"types": ["string"]}
NUMBER = {"types": ["number"]}


def search(expression: str, request: Mapping[str, Any]) -> Any:
    """The value, or None: also where a member has another type than the expression needs."""
    if expression.isidentifier():  # most are
        return request.get(expression)
    if members(expression).isdisjoint(request):
        return _without_members(expression)
    return _search(expression, request)


@cache
def _without_members(expression: str) -> Any:
    return _search(expression, {})


def _search(expression: str, request: Mapping[str, Any]) -> Any:
    try:
        return _compile(expression).search(request, OPTIONS)
    except JMESPathError:
        return None


@cache
def _compile(expression: str) -> Any:
    return jmespath.compile(expression)


@cache
def members(expression: str) -> frozenset[str]:
    """Those of the request that an expression reads."""
    return frozenset(_fields(_compile(expression).parsed))


def _fields(node: Mapping[str, Any]) -> Iterator[str]:
    if node["type"] == "field":
        yield node["value"]
    for child in node["children"][: 1 if node["type"] in ON_THE_LEFT else None]:
        if isinstance(child, dict):
            yield from _fields(child)


def values(expression: str, request: Mapping[str, Any]) -> list[str]:
    """All that it finds, as the texts that policies compare with."""
    return list(texts(search(expression, request)))


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from texts(item)
    elif isinstance(value, bool):
        yield str(value).lower()
    elif isinstance(value, str | int | float):
        yield str(value)


def fill(text: str, lookup: Callable[[str], Sequence[str]]) -> list[str]:
    """The text with each hole filled; one for each combination of values, none if a hole has no value.

    A member may name a resource, or be its ARN: in a longer text an ARN becomes the name.
    """
    template, holes, whole = _template(text)
    found = [[value if whole else _name(value) for value in lookup(hole)] for hole in holes]
    return list(dict.fromkeys(template % combination for combination in product(*found)))


@cache
def _template(text: str) -> tuple[str, tuple[str, ...], bool]:
    """For %, with the holes; and whether there is one, and nothing else."""
    whole = HOLE.fullmatch(text.removeprefix("kms:")) is not None
    return HOLE.sub("%s", text.replace("%", "%%")), tuple(HOLE.findall(text)), whole


def _name(value: str) -> str:
    return Arn.parse(value).name if value.startswith("arn:") and value.count(":") >= 5 else value


def _each(function: Callable[[str], Any], value: Any) -> Any:
    """Of a text, or of each text in a list."""
    if isinstance(value, list):
        return [function(item) for item in value if isinstance(item, str)]
    return function(value) if isinstance(value, str) else None


class Functions(functions.Functions):  # type: ignore[misc]
    """What JMESPath lacks. Without a value, the result is null."""

    @functions.signature(ANY, STRING, NUMBER)  # type: ignore[untyped-decorator]
    def _func_split(self, value: Any, separator: str, index: float) -> Any:
        """A part of a text, or null if it has fewer."""

        def part(text: str) -> str | None:
            parts = text.split(separator)
            return parts[int(index)] if -len(parts) <= index < len(parts) else None

        return _each(part, value)

    @functions.signature(ANY)  # type: ignore[untyped-decorator]
    def _func_name(self, value: Any) -> Any:
        """The name of an ARN's resource; a name as it is."""
        return _each(lambda text: _name(text).removesuffix(":*"), value)

    @functions.signature(ANY, STRING)  # type: ignore[untyped-decorator]
    def _func_trim(self, value: Any, start: str) -> Any:
        return _each(lambda text: text.removeprefix(start), value)

    @functions.signature(ANY)  # type: ignore[untyped-decorator]
    def _func_tags(self, value: Any) -> dict[str, str]:
        """Tags in any of AWS's forms: a map, a list of keys and values, or a header of S3."""
        if isinstance(value, str):
            return dict(parse_qsl(value, keep_blank_values=True))
        if isinstance(value, dict):
            return value
        return dict(_tag(tag) for tag in value or () if isinstance(tag, dict))

    @functions.signature(ANY)  # type: ignore[untyped-decorator]
    def _func_json(self, value: Any) -> Any:
        try:
            return json.loads(value)
        except (TypeError, ValueError):
            return None

    @functions.signature(ANY)  # type: ignore[untyped-decorator]
    def _func_copied_object(self, value: Any) -> Any:
        """``bucket/key`` of S3's CopySource."""
        return _each(lambda text: unquote(text.partition("?versionId=")[0]).removeprefix("/"), value)

    @functions.signature(ANY)  # type: ignore[untyped-decorator]
    def _func_copied_version(self, value: Any) -> Any:
        return _each(lambda text: text.partition("?versionId=")[2], value)

    @functions.signature(ANY)  # type: ignore[untyped-decorator]
    def _func_ciphertext_key(self, value: Any) -> Any:
        """What KMS has encrypted names its key first."""
        return value[:KEY_ID_LENGTH].decode(errors="replace") if isinstance(value, bytes) else None


def _tag(tag: Mapping[str, str]) -> tuple[str, str]:
    key, value = (next((tag[name] for name in tag if name.lower().endswith(end)), "") for end in ("key", "value"))
    return key, value


OPTIONS = jmespath.Options(custom_functions=Functions())
