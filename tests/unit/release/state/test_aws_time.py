"""AWS's time as people read it."""

from datetime import datetime, timedelta, timezone

import pytest

from release.state.aws_time import for_people

AMSTERDAM = timezone(timedelta(hours=1))


@pytest.mark.parametrize(
    "at",
    [
        "2026-01-31T12:00:00+00:00",
        "2026-01-31T12:00:00",
        "2026-01-31T13:00:00.9+01:00",
        datetime(2026, 1, 31, 13, tzinfo=AMSTERDAM),
    ],
)
def test_it_is_utc_wherever_this_machine_is(at, monkeypatch):
    import time

    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert for_people(at) == "2026-01-31 12:00:00 UTC"
    finally:
        monkeypatch.undo()
        time.tzset()
