"""Converts a resource's properties to an operation's request: names differ in case, tags in their form.

CloudFormation writes ``ServiceRole`` where CodeBuild's API has ``serviceRole``, and a policy is a structure in a
template but a string in most APIs. A property without a member in the request is a defect of the resource type, and is
refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from localcloud.core import tags
from localcloud.services.cloudformation.function_syntax import to_text


class ConversionError(Exception):
    """The operation's request cannot hold this value."""


def convert(value: Any, shape: Any, path: str) -> Any:
    """``shape`` is botocore's; ``path`` names the value in errors."""
    type_name = shape.type_name
    if type_name in ("list", "map") and (converted := _convert_tags(value, shape)) is not None:
        value = converted
    if type_name == "structure":
        return _convert_structure(value, shape, path)
    if type_name == "list":
        return [convert(item, shape.member, f"{path}[]") for item in _require(list, value, path)]
    if type_name == "map":
        items = _require(dict, value, path).items()
        return {key: convert(item, shape.value, f"{path}.{key}") for key, item in items}
    return _convert_scalar(value, type_name, path)


def parse_tags(value: Any) -> dict[str, str]:
    """A template's tags: a list of keys and values, or a map."""
    if isinstance(value, dict):
        return {key: to_text(item) for key, item in value.items()}
    return tags.as_dict({"Key": tag["Key"], "Value": to_text(tag.get("Value", ""))} for tag in value or ())


def omit(properties: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in properties.items() if name not in names}


def _convert_structure(value: Any, shape: Any, path: str) -> dict[str, Any]:
    members = {name.lower(): name for name in shape.members}
    structure: dict[str, Any] = {}
    for key, item in _require(dict, value, path).items():
        if key.lower() not in members:
            raise ConversionError(f"localcloud cannot pass on {path}.{key}")
        name = members[key.lower()]
        structure[name] = convert(item, shape.members[name], f"{path}.{key}")
    return structure


def _convert_tags(value: Any, shape: Any) -> Any:
    """Tags in the operation's form; None for anything else."""
    is_list = isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)
    if shape.type_name == "map":
        is_tags = is_list and all({"Key"} <= set(item) <= {"Key", "Value"} for item in value)
        return parse_tags(value) if is_tags or value == [] else None
    members = list(getattr(shape.member, "members", ()))
    names = {part: next((name for name in members if name.lower().endswith(part)), "") for part in ("key", "value")}
    if len(members) != 2 or not all(names.values()) or (is_list and names["key"] in value[0]):
        return None
    if isinstance(value, dict) or (is_list and "Key" in value[0]):
        return tags.as_list(parse_tags(value), names["key"], names["value"])
    return None


def _require(python_type: type, value: Any, path: str) -> Any:
    if not isinstance(value, python_type):
        text = json.dumps(value, default=str)[:100]
        raise ConversionError(f"{path} must be a {python_type.__name__}, not {text}")
    return value


def _convert_scalar(value: Any, type_name: str, path: str) -> Any:
    if type_name in ("string", "blob", "timestamp"):
        return json.dumps(value) if isinstance(value, dict | list) else to_text(value)
    if type_name == "boolean":
        return value if isinstance(value, bool) else to_text(value) == "true"
    try:
        return float(value) if type_name in ("float", "double") else int(value)
    except (TypeError, ValueError):
        raise ConversionError(f"{path} must be a number, not {value!r}") from None
