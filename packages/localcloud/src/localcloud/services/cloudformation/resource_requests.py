"""A resource's properties as an operation's request: names differ in capitals, tags in their form.

CloudFormation says ``ServiceRole`` where CodeBuild's API says ``serviceRole``, and a policy is a structure in a
template but a text in most APIs. What the operation has no place for is a defect of the kind, and told.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from localcloud.services.cloudformation.functions import text


class Unfit(Exception):
    """A value that the operation has no place for."""


def matched(value: Any, shape: Any, where: str) -> Any:
    kind = shape.type_name
    if kind in ("list", "map") and (pairs := _tags(value, shape)) is not None:
        value = pairs
    if kind == "structure":
        return _structure(value, shape, where)
    if kind == "list":
        return [matched(item, shape.member, f"{where}[]") for item in _of(list, value, where)]
    if kind == "map":
        return {key: matched(item, shape.value, f"{where}.{key}") for key, item in _of(dict, value, where).items()}
    return _scalar(value, kind, where)


def as_tags(value: Any) -> dict[str, str]:
    """A template's tags: a list of keys and values, or a map."""
    if isinstance(value, dict):
        return {key: text(item) for key, item in value.items()}
    return {tag["Key"]: text(tag.get("Value", "")) for tag in value or []}


def _structure(value: Any, shape: Any, where: str) -> dict[str, Any]:
    names = {name.lower(): name for name in shape.members}
    found: dict[str, Any] = {}
    for key, item in _of(dict, value, where).items():
        if key.lower() not in names:
            raise Unfit(f"localcloud cannot pass on {where}.{key}")
        name = names[key.lower()]
        found[name] = matched(item, shape.members[name], f"{where}.{key}")
    return found


def _tags(value: Any, shape: Any) -> Any:
    """None: these are no tags, or are as the operation has them."""
    is_list = isinstance(value, list) and bool(value) and all(isinstance(each, dict) for each in value)
    if shape.type_name == "map":
        pairs = is_list and all({"Key"} <= set(each) <= {"Key", "Value"} for each in value)
        return as_tags(value) if pairs or value == [] else None
    members = list(getattr(shape.member, "members", ()))
    names = {kind: next((name for name in members if name.lower().endswith(kind)), "") for kind in ("key", "value")}
    if len(members) != 2 or not all(names.values()) or (is_list and names["key"] in value[0]):
        return None
    if isinstance(value, dict) or (is_list and "Key" in value[0]):
        return [{names["key"]: key, names["value"]: item} for key, item in as_tags(value).items()]
    return None


def _of(kind: type, value: Any, where: str) -> Any:
    if not isinstance(value, kind):
        raise Unfit(f"{where} must be a {kind.__name__}, not {json.dumps(value, default=str)[:100]}")
    return value


def _scalar(value: Any, kind: str, where: str) -> Any:
    if kind in ("string", "blob", "timestamp"):
        return json.dumps(value) if isinstance(value, dict | list) else text(value)
    if kind == "boolean":
        return value if isinstance(value, bool) else text(value) == "true"
    try:
        return float(value) if kind in ("float", "double") else int(value)
    except (TypeError, ValueError):
        raise Unfit(f"{where} must be a number, not {value!r}") from None


def without(properties: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in properties.items() if name not in names}
