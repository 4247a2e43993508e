"""The references of a compiled pipeline definition: Get, Std:Join, Std:JsonGet, and their values."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

PART = re.compile(r"\.?([^.\[\]]+)|\['([^']*)'\]|\[\"([^\"]*)\"\]|\[(\d+)\]")
NAMES = ("OutputName", "ChannelName", "InputName", "MetricName", "Name")  # lists that a path indexes by name


class Unresolved(Exception):
    """A reference to something that does not exist; the message names it."""


@dataclass
class Scope:
    """Everything an expression can see while an execution runs."""

    parameters: Mapping[str, Any]
    execution: Mapping[str, Any]
    property_files: Mapping[tuple[str, str], Mapping[str, str]]  # (step, file name) -> its entry in the definition
    read: Callable[[str], bytes]  # an S3 object
    steps: dict[str, Any] = field(default_factory=dict)  # the output of every finished step

    def resolve(self, node: Any) -> Any:
        if isinstance(node, list):
            return [self.resolve(item) for item in node]
        if not isinstance(node, dict):
            return node
        match list(node):
            case ["Get"]:
                return self._get(node["Get"])
            case ["Std:Join"]:
                join = node["Std:Join"]
                return join["On"].join(_text(self.resolve(value)) for value in join["Values"])
            case ["Std:JsonGet"]:
                return self._json_get(node["Std:JsonGet"])
        return {key: self.resolve(value) for key, value in node.items()}

    def _get(self, path: str) -> Any:
        root, _, rest = path.partition(".")
        if root == "Steps":
            match = re.match(r"([^.\[]+)(.*)", rest)
            if not match:
                raise Unresolved(f"{path} does not name a step")
            return look_up(self._step(match[1]), match[2], path)
        roots = {"Parameters": self.parameters, "Execution": self.execution}
        if root not in roots:
            raise Unresolved(f"{path} does not start with Parameters, Execution or Steps")
        return look_up(roots[root], rest, path)

    def _json_get(self, node: Mapping[str, Any]) -> Any:
        if "S3Uri" in node:
            uri, name = self.resolve(node["S3Uri"]), "the file"
        else:
            uri, name = self._property_file(node["PropertyFile"]["Get"])
        try:
            content = json.loads(self.read(uri))
        except (OSError, ValueError) as error:
            raise Unresolved(f"{name} at {uri} cannot be read: {error}") from error
        return look_up(content, self.resolve(node["Path"]), f"{node['Path']} of {uri}")

    def _property_file(self, path: str) -> tuple[str, str]:
        """Its location, by the output of its processing step, and its name for messages."""
        _, step, _, name = path.split(".", 3)
        entry = self.property_files.get((step, name))
        if entry is None:
            raise Unresolved(f"step {step} declares no property file {name}")
        output = f"ProcessingOutputConfig.Outputs['{entry['OutputName']}'].S3Output.S3Uri"
        prefix = look_up(self._step(step), output, f"property file {name}")
        return f"{prefix.rstrip('/')}/{entry['FilePath']}", f"property file {name}"

    def _step(self, name: str) -> Any:
        if name not in self.steps:
            raise Unresolved(f"step {name} has not run")
        return self.steps[name]


def look_up(value: Any, path: str, expression: str) -> Any:
    """Follow ``A.B['name'][0]``; a list indexed by a string is searched for the item of that name."""
    for match in PART.finditer(path):
        plain, single, double, index = match.groups()
        key: Any = int(index) if index is not None else next(k for k in (plain, single, double) if k is not None)
        try:
            value = _named(value, key) if isinstance(value, list) and isinstance(key, str) else value[key]
        except (KeyError, IndexError, TypeError, StopIteration):
            raise Unresolved(f"{expression}: there is no {key!r}") from None
    return value


def references(node: Any) -> set[str]:
    """The names of the steps that an expression waits for."""
    return set(re.findall(r'"Get": "Steps\.([^.\[\"]+)', json.dumps(node)))


def _named(items: list[Any], name: str) -> Any:
    return next(item for item in items if any(item.get(key) == name for key in NAMES))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
