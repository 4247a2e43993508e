"""AWS's time as text. Time windows and ages use no other."""

from __future__ import annotations

from datetime import UTC, datetime


def as_text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()


def parse(text: str) -> datetime:
    return datetime.fromisoformat(text)


def stamp(at: datetime) -> str:
    """For the names of records, which then sort by time."""
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
