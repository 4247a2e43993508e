"""AWS's time, which need not be ours: a rehearsal's clock runs faster. Windows and ages come from these alone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any


def moment(answer: Mapping[str, Any]) -> datetime:
    """When AWS gave this answer, to the second: its ``Date`` header."""
    return parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"]).astimezone(UTC)


def written(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()


def read(text: str) -> datetime:
    return datetime.fromisoformat(text)


def stamp(at: datetime) -> str:
    """For the names of records, which then sort by time."""
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
