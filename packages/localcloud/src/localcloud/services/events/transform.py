"""What a target is sent: the event, a constant, a part of the event, or a template filled from it. Pure.

As AWS documents it: a variable outside quotes becomes JSON (a text gets its quotes), inside quotes its plain text
without escapes, and an object there loses its quotes; a variable whose path finds nothing becomes nothing.
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
FORMS = ("Input", "InputPath", "InputTransformer")


class NothingThere(Exception):
    """A path finds nothing in the event."""


@dataclass(frozen=True)
class Matched:
    """An event as a rule has it."""

    event: Mapping[str, Any]
    rule_arn: str
    rule_name: str
    received: str  # 2026-01-31T12:00:00Z


def compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def payload(target: Mapping[str, Any], matched: Matched) -> str:
    if "Input" in target:
        return str(target["Input"])
    if "InputPath" in target:
        found = look_up(matched.event, target["InputPath"])
        if found is MISSING:
            raise NothingThere(f"The event has nothing at the InputPath {target['InputPath']}.")
        return compact(found)
    if "InputTransformer" in target:
        return _filled(target["InputTransformer"], matched)
    return compact(matched.event)


def problems(target: Mapping[str, Any]) -> Iterator[str]:
    """What AWS refuses when a target is put."""
    name = target["Id"]
    if sum(form in target for form in FORMS) > 1:
        yield f"Only one of Input, InputPath, or InputTransformer must be provided for target {name}."
    if "Input" in target and not _is_json(target["Input"]):
        yield f"JSON syntax error in input for target {name}."
    if "InputPath" in target and not is_path(target["InputPath"]):
        yield f"Invalid InputPath for target {name}."
    yield from _transformer_problems(target.get("InputTransformer"), name)


def is_path(text: str) -> bool:
    return re.fullmatch(rf"\$(?:{PATH.pattern})*", text) is not None


def look_up(event: Any, path: str) -> Any:
    """``$.detail.items[0]['a b'].*``; MISSING when there is nothing. A wildcard finds a list."""
    values, several = [event], False
    for step in PATH.finditer(path):
        key = next(part for part in step.groups() if part is not None)
        wild = key == "*" and step[2] is None and step[3] is None
        several = several or wild
        values = [found for value in values for found in _step(value, key, wild=wild)]
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


def _transformer_problems(transformer: Mapping[str, Any] | None, name: str) -> Iterator[str]:
    if transformer is None:
        return
    paths, template = transformer.get("InputPathsMap", {}), transformer["InputTemplate"]
    for variable, path in paths.items():
        if variable.upper().startswith("AWS"):
            yield f"InputPathsMap for target {name} has a reserved key {variable}: it begins with AWS."
        if not is_path(path):
            yield f"Invalid InputPathsMap for target {name}: {variable} has the path {path}."
    unknown = [found for found in PLACEHOLDER.findall(template) if found not in paths and found not in PREDEFINED]
    if unknown:
        yield f"InputTemplate for target {name} contains invalid placeholder {unknown[0]}."
    if not _is_template(template):
        sentence = "it is neither JSON nor lines that each are a text in quotes"
        yield f"Invalid InputTemplate for target {name}: {sentence}."


def _is_template(template: str) -> bool:
    sample = _replaced(template, lambda _: "0", lambda _: "x")
    lines = [line for line in sample.splitlines() if line.strip()]
    return _is_json(sample) or (bool(lines) and all(_is_json(line) and line.strip()[0] == '"' for line in lines))


def _filled(transformer: Mapping[str, Any], matched: Matched) -> str:
    paths = transformer.get("InputPathsMap", {})

    def value(name: str) -> Any:
        return look_up(matched.event, paths[name]) if name in paths else _predefined(name, matched)

    return _replaced(
        transformer["InputTemplate"],
        lambda name: "" if (found := value(name)) is MISSING else compact(found),
        lambda name: "" if (found := value(name)) is MISSING else _inside(found),
    )


def _replaced(template: str, outside: Callable[[str], str], inside: Callable[[str], str]) -> str:
    def piece(found: re.Match[str]) -> str:
        if found[1]:
            return outside(found[1])
        return PLACEHOLDER.sub(lambda inner: inside(inner[1]), found[0])

    return PIECE.sub(piece, template)


def _inside(value: Any) -> str:
    return value if isinstance(value, str) else compact(value).replace('"', "")


def _predefined(name: str, matched: Matched) -> Any:
    event = matched.event
    return {
        "aws.events.rule-arn": matched.rule_arn,
        "aws.events.rule-name": matched.rule_name,
        "aws.events.event.ingestion-time": matched.received,
        "aws.events.event": {key: value for key, value in event.items() if key != "detail"},
        "aws.events.event.json": event,
    }[name]


def _is_json(text: str) -> bool:
    try:
        json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return False
    return True
