"""Compares an alarm with its definition. What the release does not set, such as added actions, is ignored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def same(desired: Mapping[str, Any], described: Mapping[str, Any]) -> bool:
    return all(_same(value, described.get(key)) for key, value in desired.items() if key != "Tags")


def _same(desired: Any, current: Any) -> bool:
    if isinstance(desired, Mapping) and isinstance(current, Mapping):
        return all(_same(value, current.get(key)) for key, value in desired.items())
    if isinstance(desired, list) and isinstance(current, list):
        pairs = zip(sorted(desired, key=_label), sorted(current, key=_label), strict=False)
        return len(desired) == len(current) and all(_same(one, other) for one, other in pairs)
    return bool(desired == current)


def _label(item: Mapping[str, Any] | str) -> str:
    """AWS keeps no order of metrics, dimensions and actions."""
    return item if isinstance(item, str) else str(item.get("Id") or item.get("Name"))
