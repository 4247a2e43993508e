"""Validation of requests against botocore's service model: no call, no account.

botocore's ParamValidator checks required members and types before a call; what AWS itself refuses (enumerations,
patterns, lengths, ranges, more than one member of a union) it leaves to the service. This walks the shape once and
reports all problems with their place.

Not reproduced: rules about several fields (a spot job's wait against its runtime), and the service's checks beyond its
model. A pattern that Python cannot express is not checked.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import cache
from threading import Lock
from typing import Any

Opaque = Callable[[Any], bool]
SCALARS: dict[str, tuple[Any, ...]] = {
    "string": (str,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "boolean": (bool,),
    "blob": (bytes, bytearray, str),
    "timestamp": (datetime, str, int, float),
}
NAMED_CLASSES = {"Alnum": "a-zA-Z0-9", "ASCII": r"\x00-\x7F", "Print": r"\x20-\x7E"}
# Java's syntax in Python's. The last two correct an error in AWS's models: a repeated "$".
JAVA = (
    (r"\uD800\uDC00-\uDBFF\uDFFF", r"\U00010000-\U0010FFFF"),
    (r"\z", r"\Z"),
    (")${1,128}", ")"),
    (")${1,256}", ")"),
)

_MODELS: dict[str, Any] = {}
_LOADING = Lock()


def _never(_: Any) -> bool:
    return False


def request_problems(service: str, operation: str, request: Any, opaque: Opaque = _never) -> list[str]:
    """The problems of a request, as sentences; none when it satisfies AWS's model.

    ``opaque`` marks values that only the service can resolve, such as a pipeline's references: they may stand for any
    text or number, never for a structure or a list.
    """
    return list(_walk(request, _model(service).operation_model(operation).input_shape, operation, opaque))


def _model(service: str) -> Any:
    if service not in _MODELS:
        import botocore.session

        with _LOADING:  # once, however many calls are the first
            if service not in _MODELS:
                _MODELS[service] = botocore.session.get_session().get_service_model(service)
    return _MODELS[service]


def _walk(value: Any, shape: Any, where: str, opaque: Opaque) -> Iterator[str]:
    if opaque(value):
        if shape.type_name not in SCALARS:
            yield f"{where}: a reference cannot stand for a {shape.type_name}"
    elif shape.type_name == "structure":
        yield from _structure(value, shape, where, opaque)
    elif shape.type_name == "list":
        yield from _list(value, shape, where, opaque)
    elif shape.type_name == "map":
        yield from _map(value, shape, where, opaque)
    else:
        yield from _scalar(value, shape, where)


def _structure(value: Any, shape: Any, where: str, opaque: Opaque) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield f"{where}: {value!r} is not a structure"
        return
    yield from (f"{where}: {name} is missing" for name in shape.required_members if name not in value)
    yield from (f"{where}: {name} is unknown" for name in value if name not in shape.members)
    if getattr(shape, "is_tagged_union", False) and len(value) != 1:
        yield f"{where}: exactly one of {', '.join(shape.members)} must be given"
    for name in value:
        if name in shape.members:
            yield from _walk(value[name], shape.members[name], f"{where}.{name}", opaque)


def _list(value: Any, shape: Any, where: str, opaque: Opaque) -> Iterator[str]:
    if not isinstance(value, list | tuple):
        yield f"{where}: {value!r} is not a list"
        return
    yield from _size(len(value), shape, where, "entries")
    for number, item in enumerate(value):
        yield from _walk(item, shape.member, f"{where}[{number}]", opaque)


def _map(value: Any, shape: Any, where: str, opaque: Opaque) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield f"{where}: {value!r} is not a map"
        return
    yield from _size(len(value), shape, where, "entries")
    for key, item in value.items():
        yield from _walk(key, shape.key, f"{where} (the key {key!r})", opaque)
        yield from _walk(item, shape.value, f"{where}[{key!r}]", opaque)


def _scalar(value: Any, shape: Any, where: str) -> Iterator[str]:
    kind, limits = shape.type_name, shape.metadata
    if not isinstance(value, SCALARS[kind]) or (isinstance(value, bool) and kind != "boolean"):
        yield f"{where}: {value!r} is not {'an' if kind == 'integer' else 'a'} {kind}"
    elif kind in ("string", "blob"):
        yield from _size(len(value), shape, where, "characters")
        if kind == "string":
            yield from _text(value, limits, where)
    elif kind in ("integer", "long", "float", "double"):
        yield from _range(value, limits, where, "")


def _text(value: str, limits: Mapping[str, Any], where: str) -> Iterator[str]:
    if value not in limits.get("enum", (value,)):
        yield f"{where}: {value!r} is not one of the {len(limits['enum'])} values that AWS accepts"
    pattern = python_pattern(limits["pattern"]) if "pattern" in limits else None
    if pattern and not pattern.fullmatch(value):
        yield f"{where}: {value!r} does not match {limits['pattern']}"


def _size(size: int, shape: Any, where: str, what: str) -> Iterator[str]:
    return _range(size, shape.metadata, where, f" {what}")


def _range(number: float, limits: Mapping[str, Any], where: str, what: str) -> Iterator[str]:
    if number < limits.get("min", number):
        yield f"{where}: {number}{what}, at least {limits['min']} needed"
    if number > limits.get("max", number):
        yield f"{where}: {number}{what}, at most {limits['max']} allowed"


@cache
def python_pattern(pattern: str) -> re.Pattern[str] | None:
    """AWS writes patterns for Java; they must match the whole value."""
    for java, python in JAVA:
        pattern = pattern.replace(java, python)
    pattern = "".join(_expand(pattern))
    try:
        return re.compile(pattern)
    except re.error:
        return None


def _expand(pattern: str) -> Iterator[str]:
    """Replaces Java's named characters by ranges: bare inside a character class, elsewhere as a class of their own."""
    inside = False
    for part in re.findall(r"\\p\{\w+\}|\\.|.", pattern, re.DOTALL):
        if part.startswith(r"\p{"):
            ranges = NAMED_CLASSES.get(part[3:-1]) or _category(part[3:-1])
            yield ranges if inside else f"[{ranges}]"
            continue
        inside = part == "[" or (inside and part != "]")
        yield part


@cache
def _category(name: str) -> str:
    """The characters of a Unicode category (L: letters, N: numbers, ...) as ranges for a character class."""
    ranges: list[list[int]] = []
    for code in range(min(sys.maxunicode, 0x1FFFF)):
        if not unicodedata.category(chr(code)).startswith(name):
            continue
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in ranges)
