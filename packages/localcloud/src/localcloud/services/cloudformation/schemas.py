"""AWS's own descriptions of the types of resources, as cfn-lint ships them: which there are, and what they take."""

from __future__ import annotations

import importlib.util
import json
from functools import cache
from pathlib import Path
from typing import Any

REGION = "us-east-1"  # which has every type


@cache
def types() -> dict[str, str]:
    """The file of each type that AWS has."""
    read: dict[str, str] = json.loads((_folder() / "providers" / f"{REGION}.json").read_text())
    return read


@cache
def schema(kind: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((_folder() / "resources" / f"{types()[kind]}.json").read_text())
    return read


@cache
def properties(kind: str) -> frozenset[str]:
    return frozenset(schema(kind)["properties"])


@cache
def create_only(kind: str) -> frozenset[str]:
    """A change of these needs another resource in the place of this one."""
    return _top_level(kind, "createOnlyProperties")


@cache
def perhaps_create_only(kind: str) -> frozenset[str]:
    return _top_level(kind, "conditionalCreateOnlyProperties")


@cache
def read_only(kind: str) -> frozenset[str]:
    return _top_level(kind, "readOnlyProperties") - create_only(kind)


def tag_property(kind: str) -> str:
    """ "" when resources of this kind have no tags."""
    name = (schema(kind).get("tagging") or {}).get("tagProperty", "/properties/Tags").rpartition("/")[2]
    return name if name in properties(kind) else ""


def _top_level(kind: str, list_name: str) -> frozenset[str]:
    """/properties/Name; what is deeper than one level concerns a part of a property only."""
    paths = (path.split("/")[2:] for path in schema(kind).get(list_name, []))
    return frozenset(path[0] for path in paths if len(path) == 1)


@cache
def _folder() -> Path:
    """Found without importing cfn-lint, which takes seconds."""
    package = importlib.util.find_spec("cfnlint")
    if not package or not package.submodule_search_locations:
        raise RuntimeError("cfn-lint is not installed: its schemas tell what CloudFormation's types are")
    return Path(package.submodule_search_locations[0]) / "data" / "schemas"
