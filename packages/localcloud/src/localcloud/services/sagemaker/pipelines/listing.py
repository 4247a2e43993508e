"""The order of lists of pipelines, versions, executions and steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def in_order(ascending: list[Any], request: Mapping[str, Any]) -> list[Any]:
    """AWS lists the newest first by default."""
    return ascending if request.get("SortOrder") == "Ascending" else ascending[::-1]
