"""Schedule expressions with a time zone."""

from datetime import UTC, datetime

import pytest

from localcloud.core.cron import InvalidSchedule
from localcloud.core.schedule_expressions import parse

BERLIN = "Europe/Berlin"


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def firings(expression, zone, start, count):
    schedule, times = parse(expression, zone), []
    moment = at(start)
    while len(times) < count and (moment := schedule.after(moment)):
        times.append(moment.strftime("%m-%dT%H:%M"))
    return times


def test_once_and_never_again():
    assert firings("at(2026-06-01T08:00:00)", BERLIN, "2026-01-01", 2) == ["06-01T06:00"]
    assert firings("at(2026-06-01T08:00:00)", "UTC", "2026-06-01T08:00:00", 2) == []


def test_eight_in_the_morning_stays_eight_in_the_morning():
    assert firings("cron(0 8 * * ? *)", BERLIN, "2026-03-27T12:00:00", 3) == [
        "03-28T07:00",
        "03-29T06:00",
        "03-30T06:00",
    ]


def test_a_time_that_the_change_to_summer_time_skips_is_skipped():
    assert firings("cron(30 2 * * ? *)", BERLIN, "2026-03-27T12:00:00", 2) == ["03-28T01:30", "03-30T00:30"]


def test_an_hour_that_occurs_twice_counts_once():
    assert firings("cron(30 2 * * ? *)", BERLIN, "2026-10-24T12:00:00", 2) == ["10-25T00:30", "10-26T01:30"]


def test_a_rate_has_no_zone():
    assert firings("rate(1 day)", BERLIN, "2026-03-28T12:00:00", 2) == ["03-29T12:00", "03-30T12:00"]


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../etc/passwd", "Europe"])
def test_an_invalid_zone(zone):
    with pytest.raises(InvalidSchedule, match="not a time zone"):
        parse("rate(1 day)", zone)


@pytest.mark.parametrize(
    "expression", ["at(2026-13-01T00:00:00)", "at(tomorrow)", "at(2026-01-01)", "often", "cron(0 8 * * *)"]
)
def test_an_invalid_expression(expression):
    with pytest.raises(InvalidSchedule):
        parse(expression)
