"""Messages for invalid settings: ``config/dev.toml: training.rounds = 0: must be at least 1``."""

from __future__ import annotations

import re
from typing import Any

from pydantic_core import ErrorDetails

from settings.conflict import Conflict
from settings.files import Merged
from settings.formatting import SECRET, short_assignment, toml
from settings.model import Sections
from settings.unknown_keys import closest, describe_unknown_key, describe_unknown_section, suggestion

A_SECTION = "must be a section of its own: write its name in brackets and its keys below"
WRONG_TYPES = {
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "bool_type": "must be true or false",
    "tuple_type": 'must be a list: write ["..."] with what belongs in it, or []',
    "dict_type": A_SECTION,
    "model_type": A_SECTION,
}
UNQUOTED = ("int_type", "float_type", "bool_type")
BOUNDS = {
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "multiple_of": "must be a multiple of {multiple_of}",
    "too_long": "must have at most {max_length} entries",
}


def error_line(merged: Merged, error: ErrorDetails) -> str:
    """The line for one of pydantic's errors."""
    path = ".".join(map(str, error["loc"][:2]))
    return f"{merged.file_of(path)}: {_sentence(merged, path, error)}"


def _sentence(merged: Merged, path: str, error: ErrorDetails) -> str:
    section, *keys = map(str, error["loc"])
    if len(keys) > 2 and keys[1].isdecimal():
        return (
            f"{short_assignment(path, merged.value(path))}: entry {int(keys[1]) + 1}: {_entry_sentence(keys[2], error)}"
        )
    if error["type"] == "missing":
        return f"{path}: is missing; add it, the base has every setting"
    if error["type"] == "extra_forbidden":
        return (
            describe_unknown_key(section, keys[0], error["input"])
            if keys
            else describe_unknown_section(section, error["input"])
        )
    return f"{short_assignment(path, merged.value(path))}: {_must(path, error)}"


def _entry_sentence(key: str, error: ErrorDetails) -> str:
    """The problem of one table in a list of tables."""
    if error["type"] == "missing":
        return f"{key} is missing; add it"
    if error["type"] == "extra_forbidden":
        return f"{short_assignment(key, error['input'])} is not a key of it; remove it"
    return f"{short_assignment(key, error['input'])} {_must(key, error)}"


def conflict_line(merged: Merged, conflict: Conflict) -> str:
    """Names every key of the combination with its file, those of the topmost overlay first."""
    first, *others = sorted(conflict.keys, key=lambda path: -merged.precedence(path))
    named = " and ".join(_located(merged, path, besides=merged.file_of(first)) for path in others)
    together = f" with {named}" if named else ""
    return f"{merged.file_of(first)}: {short_assignment(first, merged.value(first))}{together}: {conflict.remedy}"


def _located(merged: Merged, path: str, besides: str) -> str:
    file = merged.file_of(path)
    return short_assignment(path, merged.value(path)) + (f" ({file})" if file != besides else "")


def _must(path: str, error: ErrorDetails) -> str:
    kind, value, context = error["type"], error["input"], error.get("ctx", {})
    if kind == "value_error":
        return _entry(error) + str(context["error"])
    if kind == "literal_error":
        return _choice(context["expected"], value)
    if kind == "string_type":
        return f"{_entry(error)}must be text, in quotes{_quoted(path, value)}"
    if kind in BOUNDS:
        return BOUNDS[kind].format_map(_whole(context)) + _reason(path)
    unquoted = ", without quotes" if kind in UNQUOTED and isinstance(value, str) else ""
    return WRONG_TYPES.get(kind, error["msg"]) + unquoted


def _entry(error: ErrorDetails) -> str:
    """The position in a list, or the key in a table, if it is one."""
    *_, last = error["loc"]
    if isinstance(last, int):
        return f"entry {last + 1} "
    key = error["loc"][2] if len(error["loc"]) > 2 else "[key]"
    return f"{toml(key)} " if isinstance(key, str) and key != "[key]" else ""


def _choice(expected: str, value: Any) -> str:
    choices = re.findall(r"'([^']*)'", expected)
    return f"must be one of {', '.join(map(toml, choices))}{suggestion(closest(value, choices))}"


def _quoted(path: str, value: Any) -> str:
    return f': "{toml(value)}"' if isinstance(value, bool | int | float) and not SECRET.search(path) else ""


def _whole(context: dict[str, Any]) -> dict[str, Any]:
    """A limit of 0.0 is read more easily as 0."""
    return {name: int(v) if isinstance(v, float) and v.is_integer() else v for name, v in context.items()}


def _reason(path: str) -> str:
    section, _, key = path.partition(".")
    if section not in Sections.model_fields:  # a key of an entry: its limits need no reason
        return ""
    field = Sections.model_fields[section]
    keys = getattr(field.annotation, "model_fields", {})
    description = keys[key].description if key in keys else field.description
    return f"; {description}" if description else ""
