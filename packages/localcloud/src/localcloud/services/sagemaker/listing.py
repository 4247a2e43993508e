"""Filters of the List operations."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any


def within(moment: datetime, request: Mapping[str, Any], name: str) -> bool:
    """Between the request's ``<name>After`` and ``<name>Before``, both exclusive."""
    after, before = request.get(f"{name}After"), request.get(f"{name}Before")
    return not (after and moment <= after) and not (before and moment >= before)
