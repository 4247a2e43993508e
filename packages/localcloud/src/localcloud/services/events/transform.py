"""The input of a target: the event, a constant, a part of the event, or a template filled from it. Pure.

As AWS documents it: a variable outside quotes becomes JSON (a string keeps its quotes), inside quotes its plain text
without escapes, and an object there loses its quotes; a variable whose path matches nothing becomes empty.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

PATH = re.compile(r"\.(\*|[\w/-]+)|\['([^']+)'\]|\[\"([^\"]+)\"\]|\[(\d+|\*)\]")
PLACEHOLDER = re.compile(r"<([A-Za-z0-9_.-]+)>")
PIECE = re.compile(r'"(?:[^"\\]|\\.)*"|<([A-Za-z0-9_.-]+)>', re.DOTALL)
PREDEFINED = (
    "aws.events.rule-arn",
    "aws.events.rule-name",
    "aws.events.event.ingestion-time",
    "aws.events.event",
    "aws.events.event.json",
)
MISSING: Any = object()
INPUT_MEMBERS = ("Input", "InputPath", "InputTransformer")


class PathNotFound(Exception):
    """A path matches nothing in the event."""


@dataclass(frozen=True)
class Match:
    """An event and the rule that it matches."""

    event: Mapping[str, Any]
    rule_arn: str
    rule_name: str
    ingestion_time: str  # 2026-01-31T12:00:00Z


def compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def payload(target: Mapping[str, Any], match: Match) -> str:
    if "Input" in target:
        return str(target["Input"])
    if "InputPath" in target:
        value = look_up(match.event, target["InputPath"])
        if value is MISSING:
            raise PathNotFound(f"The event has nothing at the InputPath {target['InputPath']}.")
        return compact(value)
    if "InputTransformer" in target:
        return _fill(target["InputTransformer"], match)
    return compact(match.event)


def problems(target: Mapping[str, Any]) -> Iterator[str]:
    """Why AWS refuses a target's input."""
    name = target["Id"]
    if sum(member in target for member in INPUT_MEMBERS) > 1:
        yield f"Only one of Input, InputPath, or InputTransformer must be provided for target {name}."
    if "Input" in target and not _is_json(target["Input"]):
        yield f"JSON syntax error in input for target {name}."
    if "InputPath" in target and not is_path(target["InputPath"]):
        yield f"Invalid InputPath for target {name}."
    yield from _transformer_problems(target.get("InputTransformer"), name)


def is_path(text: str) -> bool:
    return re.fullmatch(rf"\$(?:{PATH.pattern})*", text) is not None


def look_up(event: Any, path: str) -> Any:
    """``$.detail.items[0]['a b'].*``; MISSING when nothing matches. A wildcard gives a list."""
    values, several = [event], False
    for step in PATH.finditer(path):
        key = next(part for part in step.groups() if part is not None)
        wild = key == "*" and step[2] is None and step[3] is None
        several = several or wild
        values = [inner for value in values for inner in _step(value, key, wild=wild)]
    if several:
        return values
    return values[0] if values else MISSING


def _step(value: Any, key: str, *, wild: bool) -> list[Any]:
    if wild:
        return list(value.values()) if isinstance(value, dict) else list(value) if isinstance(value, list) else []
    if isinstance(value, dict):
        return [value[key]] if key in value else []
    if isinstance(value, list) and key.isdecimal() and int(key) < len(value):
        return [value[int(key)]]
    return []


def _transformer_problems(transformer: Mapping[str, Any] | None, target: str) -> Iterator[str]:
    if transformer is None:
        return
    paths, template = transformer.get("InputPathsMap", {}), transformer["InputTemplate"]
    for variable, path in paths.items():
        if variable.upper().startswith("AWS"):
            yield f"InputPathsMap for target {target} has a reserved key {variable}: it begins with AWS."
        if not is_path(path):
            yield f"Invalid InputPathsMap for target {target}: {variable} has the path {path}."
    unknown = [name for name in PLACEHOLDER.findall(template) if name not in paths and name not in PREDEFINED]
    if unknown:
        yield f"InputTemplate for target {target} contains invalid placeholder {unknown[0]}."
    if not _is_template(template):
        yield f"Invalid InputTemplate for target {target}: it is neither JSON nor lines of quoted text."


def _is_template(template: str) -> bool:
    sample = _replace(template, lambda _: "0", lambda _: "x")
    lines = [line for line in sample.splitlines() if line.strip()]
    return _is_json(sample) or (bool(lines) and all(_is_json(line) and line.strip()[0] == '"' for line in lines))


def _fill(transformer: Mapping[str, Any], match: Match) -> str:
    paths = transformer.get("InputPathsMap", {})

    def value_of(name: str) -> Any:
        return look_up(match.event, paths[name]) if name in paths else _predefined(name, match)

    return _replace(
        transformer["InputTemplate"],
        lambda name: "" if (value := value_of(name)) is MISSING else compact(value),
        lambda name: "" if (value := value_of(name)) is MISSING else _inside_quotes(value),
    )


def _replace(template: str, outside: Callable[[str], str], inside: Callable[[str], str]) -> str:
    def replace(piece: re.Match[str]) -> str:
        if piece[1]:
            return outside(piece[1])
        return PLACEHOLDER.sub(lambda placeholder: inside(placeholder[1]), piece[0])

    return PIECE.sub(replace, template)


def _inside_quotes(value: Any) -> str:
    return value if isinstance(value, str) else compact(value).replace('"', "")


def _predefined(name: str, match: Match) -> Any:
    event = match.event
    return {
        "aws.events.rule-arn": match.rule_arn,
        "aws.events.rule-name": match.rule_name,
        "aws.events.event.ingestion-time": match.ingestion_time,
        "aws.events.event": {key: value for key, value in event.items() if key != "detail"},
        "aws.events.event.json": event,
    }[name]


def _is_json(text: str) -> bool:
    try:
        json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return False
    return True
