"""Schedules with a time zone."""

from datetime import UTC, datetime

import pytest

from localcloud.core.rate_and_cron import NoSchedule
from localcloud.core.schedule_expressions import timetable

BERLIN = "Europe/Berlin"


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def dues(expression, zone, start, count):
    schedule, found = timetable(expression, zone), []
    moment = at(start)
    while len(found) < count and (moment := schedule.after(moment)):
        found.append(moment.strftime("%m-%dT%H:%M"))
    return found


def test_once_and_never_again():
    assert dues("at(2026-06-01T08:00:00)", BERLIN, "2026-01-01", 2) == ["06-01T06:00"]
    assert dues("at(2026-06-01T08:00:00)", "UTC", "2026-06-01T08:00:00", 2) == []


def test_eight_in_the_morning_stays_eight_in_the_morning():
    assert dues("cron(0 8 * * ? *)", BERLIN, "2026-03-27T12:00:00", 3) == ["03-28T07:00", "03-29T06:00", "03-30T06:00"]


def test_a_time_that_the_spring_leaves_out_is_skipped():
    assert dues("cron(30 2 * * ? *)", BERLIN, "2026-03-27T12:00:00", 2) == ["03-28T01:30", "03-30T00:30"]


def test_an_hour_that_comes_twice_counts_once():
    assert dues("cron(30 2 * * ? *)", BERLIN, "2026-10-24T12:00:00", 2) == ["10-25T00:30", "10-26T01:30"]


def test_a_rate_knows_no_zone():
    assert dues("rate(1 day)", BERLIN, "2026-03-28T12:00:00", 2) == ["03-29T12:00", "03-30T12:00"]


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../etc/passwd", "Europe"])
def test_no_zone(zone):
    with pytest.raises(NoSchedule, match="no time zone"):
        timetable("rate(1 day)", zone)


@pytest.mark.parametrize(
    "expression", ["at(2026-13-01T00:00:00)", "at(tomorrow)", "at(2026-01-01)", "often", "cron(0 8 * * *)"]
)
def test_no_expression(expression):
    with pytest.raises(NoSchedule):
        timetable(expression)
