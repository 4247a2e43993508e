"""AWS's schemas of resource types, as cfn-lint ships them: which types exist, and their properties."""

from __future__ import annotations

import importlib.util
import json
from functools import cache
from pathlib import Path
from typing import Any

REGION = "us-east-1"  # which has every type


@cache
def types() -> dict[str, str]:
    """The schema file of each type that AWS has."""
    files: dict[str, str] = json.loads((_folder() / "providers" / f"{REGION}.json").read_text())
    return files


@cache
def schema(type_name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((_folder() / "resources" / f"{types()[type_name]}.json").read_text())
    return document


@cache
def properties(type_name: str) -> frozenset[str]:
    return frozenset(schema(type_name)["properties"])


@cache
def create_only(type_name: str) -> frozenset[str]:
    """Properties whose change replaces the resource."""
    return _top_level(type_name, "createOnlyProperties")


@cache
def conditional_create_only(type_name: str) -> frozenset[str]:
    return _top_level(type_name, "conditionalCreateOnlyProperties")


@cache
def read_only(type_name: str) -> frozenset[str]:
    return _top_level(type_name, "readOnlyProperties") - create_only(type_name)


def tag_property(type_name: str) -> str:
    """The property that holds the tags; "" when resources of this type have none."""
    name = (schema(type_name).get("tagging") or {}).get("tagProperty", "/properties/Tags").rpartition("/")[2]
    return name if name in properties(type_name) else ""


def _top_level(type_name: str, list_name: str) -> frozenset[str]:
    """/properties/Name; deeper paths concern only a part of a property."""
    paths = (path.split("/")[2:] for path in schema(type_name).get(list_name, []))
    return frozenset(path[0] for path in paths if len(path) == 1)


@cache
def _folder() -> Path:
    """Found without importing cfn-lint, which takes seconds."""
    package = importlib.util.find_spec("cfnlint")
    if not package or not package.submodule_search_locations:
        raise RuntimeError("cfn-lint is not installed: CloudFormation needs its schemas of resource types")
    return Path(package.submodule_search_locations[0]) / "data" / "schemas"
