"""The filters and the order that the lists of endpoints and of endpoint configs share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Protocol, TypeVar

from localcloud.core.paging import paged
from localcloud.services.sagemaker.listing import within


class Record(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def created(self) -> datetime: ...
    def summary(self) -> dict[str, Any]: ...


R = TypeVar("R", bound=Record)


def page(
    records: Iterable[R],
    request: Mapping[str, Any],
    key: str,
    matches: Callable[[R], bool] = lambda _: True,
    sort: Mapping[str, Callable[[R], Any]] | None = None,
) -> dict[str, Any]:
    """``records`` in the order of their creation; AWS's default order is newest first."""
    contains = request.get("NameContains", "").lower()
    selected = [
        record
        for record in records
        if contains in record.name.lower() and within(record.created, request, "CreationTime") and matches(record)
    ]
    by = {"Name": lambda record: record.name, **(sort or {})}
    if request.get("SortBy") in by:
        selected.sort(key=by[request["SortBy"]])
    if request.get("SortOrder", "Descending") == "Descending":
        selected.reverse()
    return paged([record.summary() for record in selected], request, key)
