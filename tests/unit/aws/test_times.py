"""AWS's time as people read it."""

from datetime import datetime, timedelta, timezone

import pytest

from aws.times import for_people, time_of_day

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
        assert time_of_day(at) == "12:00:00 UTC"
    finally:
        monkeypatch.undo()
        time.tzset()


def test_beside_a_fast_clock_it_says_how_fast_that_is():
    assert time_of_day("2026-01-31T12:00:00", 60) == "12:00:00 UTC (60 x real time)"
