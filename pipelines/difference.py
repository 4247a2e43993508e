"""The difference of two pipeline definitions as lines of text: steps, parameters, dotted paths, old -> new.

A change of the code's hash affects every step; it is folded into one line. Two definitions that differ never give an
empty list, and two that are equal never give a line.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

MAX_LINES = 40
MAX_WIDTH = 60  # of one value
HASH = re.compile(r"[0-9a-f]{16,64}")
CODE_ADDRESS = re.compile(r"(?<=code/)[0-9a-f]{16,64}")
IDENTITY_KEYS = (
    "Name",
    "ChannelName",
    "InputName",
    "OutputName",
    "PropertyFileName",
    "Key",
)  # of an entry of a list
PARAMETER_LABELS = {"DefaultValue": "default", "Type": "type", "EnumValues": "allowed values"}
Definition = dict[str, Any]


@dataclass(frozen=True)
class Change:
    subject: str
    path: str
    old: Any  # ABSENT where there was nothing
    new: Any


ABSENT = object()


def diff(old: Definition, new: Definition) -> list[str]:
    if equal_as_json(old, new):
        return []
    changes = [*_parameters(old, new), *_steps(old, new), *_rest(old, new)]
    return _lines(changes) or ["the order of steps, parameters or arguments changed"]


def truncate(lines: list[str], limit: int = MAX_LINES) -> list[str]:
    return lines if len(lines) <= limit else [*lines[:limit], f"and {len(lines) - limit} more"]


def flatten_steps(definition: Definition) -> dict[str, dict[str, Any]]:
    """Every step by name, in the order of the diagram: a condition keeps the names of the steps in its branches."""
    return {step["Name"]: step for step in _walk(definition.get("Steps", []))}


def _walk(entries: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for entry in entries:
        arguments = dict(entry.get("Arguments", {}))
        branches = [arguments[branch] for branch in ("IfSteps", "ElseSteps") if branch in arguments]
        for branch in ("IfSteps", "ElseSteps"):
            if branch in arguments:
                arguments[branch] = [step["Name"] for step in arguments[branch]]
        yield {**entry, "Arguments": arguments}
        for branch in branches:
            yield from _walk(branch)


def _parameters(old: Definition, new: Definition) -> Iterator[Change]:
    before, after = ({entry["Name"]: entry for entry in side.get("Parameters", [])} for side in (old, new))
    for name in before | after:
        if name not in before or name not in after:
            yield Change(f"parameter {name}", "", _summary(before.get(name)), _summary(after.get(name)))
            continue
        for key in before[name] | after[name]:
            values = (side[name].get(key, ABSENT) for side in (before, after))
            yield Change(f"parameter {name}", PARAMETER_LABELS.get(key, key), *values)


def _summary(parameter: dict[str, Any] | None) -> Any:
    if parameter is None:
        return ABSENT
    default = parameter.get("DefaultValue", ABSENT)
    return f"{parameter.get('Type')}, " + ("no default" if default is ABSENT else f"default {_text(default)}")


def _steps(old: Definition, new: Definition) -> Iterator[Change]:
    before, after = flatten_steps(old), flatten_steps(new)
    for name in before | after:
        if name not in before or name not in after:
            kinds = (side[name].get("Type", "?") if name in side else ABSENT for side in (before, after))
            yield Change(f"step {name}", "", *kinds)
        else:
            yield from _leaf_changes(f"step {name}", before[name], after[name])


def _rest(old: Definition, new: Definition) -> Iterator[Change]:
    if not old:  # a new pipeline is described by its steps and parameters
        return
    rests = ({key: value for key, value in side.items() if key not in ("Steps", "Parameters")} for side in (old, new))
    yield from _leaf_changes("pipeline", *rests)


def _leaf_changes(subject: str, old: Any, new: Any) -> Iterator[Change]:
    before, after = dict(_leaves(old)), dict(_leaves(new))
    for path in before | after:
        yield Change(subject, path, before.get(path, ABSENT), after.get(path, ABSENT))


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value and _reference(value) is None:
        for key, item in value.items():
            yield from _leaves(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and value:
        for key, item in _entries(value):
            yield from ([(path + key, item)] if key.startswith(" --") else _leaves(item, path + key))
    else:
        yield path, value


def _entries(items: list[Any]) -> Iterator[tuple[str, Any]]:
    """The items of a list under names that stay after an insertion: an identifying key, or a command-line flag."""
    if any(isinstance(item, str) and item.startswith("--") for item in items):
        yield from _flags(items).items()
        return
    names = [next((i[key] for key in IDENTITY_KEYS if key in i), None) if isinstance(i, dict) else None for i in items]
    unique = all(isinstance(name, str) for name in names) and len(set(names)) == len(names)
    for position, item in enumerate(items):
        yield f"[{names[position] if unique else position}]", item


def _flags(items: list[Any]) -> dict[str, list[Any]]:
    flags: dict[str, list[Any]] = defaultdict(list)
    flag = " --"  # words before the first flag
    for item in items:
        if isinstance(item, str) and item.startswith("--"):
            flag = f" {item}"
            flags[flag] += []
        else:
            flags[flag].append(item)
    return flags


def _reference(value: dict[str, Any]) -> str | None:
    """``{"Get": "Parameters.X"}`` and other references in readable form."""
    if len(value) != 1:
        return None
    (kind, content), *_ = value.items()
    if kind == "Get":
        return str(content)
    if kind == "Std:Join":
        return str(content["On"]).join(_text(part) for part in content["Values"])
    if kind == "Std:JsonGet":
        return f"{_text(content['PropertyFile'])}:{content['Path']}"
    return None


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(not isinstance(item, list) for item in value):
        return ", ".join(_text(item) or '""' for item in value)
    reference = _reference(value) if isinstance(value, dict) else None
    return reference if reference is not None else json.dumps(value, sort_keys=True, ensure_ascii=False)


def _lines(changes: list[Change]) -> list[str]:
    folded: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
    lines = []
    for change in changes:
        if change.old is not ABSENT and change.new is not ABSENT and equal_as_json(change.old, change.new):
            continue
        hashes = _changed_code(change)
        for pair in hashes:
            folded[pair][change.subject.removeprefix("step ")] = None
        if not hashes:
            lines.append(_line(change))
    code = [f"code changed {old[:8]}.. -> {new[:8]}.. ({', '.join(names)})" for (old, new), names in folded.items()]
    return code + lines


def equal_as_json(old: Any, new: Any) -> bool:
    """In Python 1, 1.0 and True are equal."""
    return json.dumps(old, sort_keys=True) == json.dumps(new, sort_keys=True)


def _changed_code(change: Change) -> list[tuple[str, str]]:
    """The old and new hashes, if nothing but hashes of code changed."""
    if change.old is ABSENT or change.new is ABSENT:
        return []
    pattern = HASH if "code" in change.path.rpartition(".")[2].lower() else CODE_ADDRESS
    old, new = (json.dumps(value, sort_keys=True) for value in (change.old, change.new))
    if pattern.sub("#", old) != pattern.sub("#", new):
        return []
    return [pair for pair in zip(pattern.findall(old), pattern.findall(new), strict=True) if pair[0] != pair[1]]


def _line(change: Change) -> str:
    where = f"{change.subject}: {change.path}" if change.path else change.subject
    if change.old is ABSENT:
        return f"{where} added ({_short(change.new)})"
    if change.new is ABSENT:
        return f"{where} removed (was {_short(change.old)})"
    old, new = _text(change.old), _text(change.new)
    if old == new:  # only the types differ
        old, new = json.dumps(change.old), json.dumps(change.new)
    return f"{where}: {_clip(old, new)} -> {_clip(new, old)}"


def _short(value: Any) -> str:
    return _clip(_text(value), "")


def _clip(text: str, other: str) -> str:
    """Short enough for a line, and still shows where it differs from ``other``."""
    text, other = (HASH.sub(lambda match: match[0][:8] + "..", side) for side in (text, other))
    if len(text) <= MAX_WIDTH:
        return text or '""'
    common = next((i for i, (a, b) in enumerate(zip(text, other, strict=False)) if a != b), min(len(text), len(other)))
    start = max(0, common - MAX_WIDTH // 3)
    cut = text[start : start + MAX_WIDTH]
    return ("..." if start else "") + cut + ("..." if start + MAX_WIDTH < len(text) else "")
