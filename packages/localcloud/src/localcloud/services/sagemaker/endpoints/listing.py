"""The filters and the order that the lists of endpoints and of endpoint configs share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Protocol, TypeVar

from localcloud.core.paging import paged


class Listed(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def created(self) -> datetime: ...
    def summary(self) -> dict[str, Any]: ...


L = TypeVar("L", bound=Listed)


def page(
    records: Iterable[L],
    request: Mapping[str, Any],
    key: str,
    wanted: Callable[[L], bool] = lambda _: True,
    sort: Mapping[str, Callable[[L], Any]] | None = None,
) -> dict[str, Any]:
    """``records`` in the order of their creation, which is AWS's default, newest first."""
    contains = request.get("NameContains", "").lower()
    found = [
        record
        for record in records
        if contains in record.name.lower() and within(record.created, request, "CreationTime") and wanted(record)
    ]
    by = {"Name": lambda record: record.name, **(sort or {})}
    if request.get("SortBy") in by:
        found.sort(key=by[request["SortBy"]])
    if request.get("SortOrder", "Descending") == "Descending":
        found.reverse()
    return paged([record.summary() for record in found], request, key)


def within(moment: datetime, request: Mapping[str, Any], name: str) -> bool:
    after, before = request.get(f"{name}After"), request.get(f"{name}Before")
    return not (after and moment <= after) and not (before and moment >= before)
