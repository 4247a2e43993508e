"""The filters and the order that the lists of groups and of packages share: oldest first, as AWS documents it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from localcloud.services.sagemaker.listing import within
from localcloud.services.sagemaker.registry.records import Group, Package

Record = TypeVar("Record", Group, Package)


def select(records: Iterable[Record], request: Mapping[str, Any]) -> list[Record]:
    """``records`` in the order of their creation."""
    name = request.get("NameContains", "")
    selected = [each for each in records if name in each.name and within(each.created, request, "CreationTime")]
    if request.get("SortBy") == "Name":
        selected.sort(key=lambda each: (each.name, getattr(each, "version", 0)))
    return selected[::-1] if request.get("SortOrder") == "Descending" else selected
