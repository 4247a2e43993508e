"""AWS's time, which may run faster than this machine's in a rehearsal. Time windows and ages use it alone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any


def response_time(response: Mapping[str, Any]) -> datetime:
    """To the second, from the ``Date`` header."""
    return parsedate_to_datetime(response["ResponseMetadata"]["HTTPHeaders"]["date"]).astimezone(UTC)


def as_text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()


def parse(text: str) -> datetime:
    return datetime.fromisoformat(text)


def stamp(at: datetime) -> str:
    """For the names of records, which then sort by time."""
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
