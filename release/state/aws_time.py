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


def for_people(at: datetime | str) -> str:
    """To the second: 2026-01-31 12:00:00 UTC, which a time without a zone is too."""
    time = parse(at) if isinstance(at, str) else at
    zoned = time if time.tzinfo else time.replace(tzinfo=UTC)
    return f"{zoned.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
