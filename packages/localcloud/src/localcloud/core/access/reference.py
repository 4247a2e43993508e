"""AWS's Service Authorization Reference, cut to localcloud's services: `make reference` writes reference.json."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, eq=False)  # one object for each action
class Action:
    name: str  # s3:GetObject
    resources: Mapping[str, bool] = field(default_factory=dict)  # resource type -> whether every call has one
    keys: tuple[str, ...] = ()  # the condition keys that it knows
    dependents: tuple[str, ...] = ()  # actions that a caller may need too


@cache
def _services() -> dict[str, dict[str, dict[str, Any]]]:
    services: dict[str, dict[str, dict[str, Any]]] = json.loads(
        files(__package__).joinpath("reference.json").read_text()
    )["services"]
    return services


@cache
def find_action(name: str) -> Action | None:
    """None, if the reference has none of that name."""
    prefix, _, short = name.partition(":")
    entry = _services().get(prefix, {}).get("actions", {}).get(short)
    if entry is None:
        return None
    return Action(name, entry.get("resources", {}), tuple(entry.get("keys", ())), tuple(entry.get("dependents", ())))


def has_service(prefix: str) -> bool:
    return prefix in _services()


def actions(prefix: str) -> tuple[str, ...]:
    return tuple(f"{prefix}:{name}" for name in _services()[prefix]["actions"])


def resource_types(prefix: str) -> tuple[str, ...]:
    return tuple(_services()[prefix]["resources"])


def arn_pattern(prefix: str, resource_type: str) -> str:
    """``arn:${Partition}:sagemaker:${Region}:${Account}:model/${ModelName}``."""
    pattern: str = _services()[prefix]["resources"][resource_type]["arn"]
    return pattern


def resource_keys(prefix: str, resource_type: str) -> tuple[str, ...]:
    """The condition keys that a resource of the type gives to every action on it, such as kms:ResourceAliases."""
    return tuple(_services()[prefix]["resources"][resource_type].get("keys", ()))
