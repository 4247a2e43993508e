"""Times as people read them: in UTC, by AWS's clock, and beside a clock that is fast with its speed."""

from __future__ import annotations

from datetime import UTC, datetime


def for_people(at: datetime | str) -> str:
    """To the second: 2026-01-31 12:00:00 UTC, which a time without a zone is too."""
    return f"{_utc(at):%Y-%m-%d %H:%M:%S} UTC"


def time_of_day(at: datetime | str, speed: float = 1) -> str:
    """For a line of progress: 12:00:00 UTC, or 12:00:00 UTC (60 x real time)."""
    return f"{_utc(at):%H:%M:%S} UTC{f' ({speed:g} x real time)' if speed != 1 else ''}"


def clock(at: datetime, speed: float = 1) -> str:
    """Whose clock the times above are by."""
    fast = f", and it is {speed:g} times as fast as real time" if speed != 1 else ""
    return f"times are by AWS's clock, where it is {for_people(at)}{fast}"


def _utc(at: datetime | str) -> datetime:
    time = datetime.fromisoformat(at) if isinstance(at, str) else at
    return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
