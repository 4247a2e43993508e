"""The next times of rate and cron expressions: AWS's examples, and calendars that are easy to get wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from localcloud.core.cron import InvalidSchedule
from localcloud.core.schedule_expressions import parse_rate_or_cron


def firings(expression: str, start: str, number: int = 3) -> list[str]:
    schedule, moment, times = parse_rate_or_cron(expression), datetime.fromisoformat(start).replace(tzinfo=UTC), []
    for _ in range(number):
        following = schedule.after(moment)
        if not following:
            break
        assert following > moment
        moment = following
        times.append(moment.strftime("%Y-%m-%d %H:%M"))
    return times


@pytest.mark.parametrize(
    ("expression", "seconds"),
    [("rate(1 minute)", 60), ("rate(5 minutes)", 300), ("rate(1 hour)", 3600), ("rate(7 days)", 7 * 86400)],
)
def test_rate(expression: str, seconds: int) -> None:
    moment = datetime(2026, 1, 31, 12, 0, 30, tzinfo=UTC)
    assert parse_rate_or_cron(expression).after(moment) == moment + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("expression", "start", "expected"),
    [
        ("cron(0 10 * * ? *)", "2026-03-01 10:00", ["2026-03-02 10:00", "2026-03-03 10:00"]),
        ("cron(15 12 * * ? *)", "2026-03-01 12:14:59", ["2026-03-01 12:15", "2026-03-02 12:15"]),
        ("cron(0 18 ? * MON-FRI *)", "2026-03-06 17:00", ["2026-03-06 18:00", "2026-03-09 18:00"]),
        ("cron(0 8 1 * ? *)", "2026-12-15 00:00", ["2027-01-01 08:00", "2027-02-01 08:00"]),
        ("cron(0/15 * * * ? *)", "2026-03-01 23:40", ["2026-03-01 23:45", "2026-03-02 00:00"]),
        ("cron(*/20 0 * * ? *)", "2026-03-01 00:00", ["2026-03-01 00:20", "2026-03-01 00:40"]),
        ("cron(10-30/10 5 * * ? *)", "2026-03-01 00:00", ["2026-03-01 05:10", "2026-03-01 05:20"]),
        ("cron(0 0,12 * * ? *)", "2026-03-01 00:00", ["2026-03-01 12:00", "2026-03-02 00:00"]),
        ("cron(0 22-1 * * ? *)", "2026-03-01 22:30", ["2026-03-01 23:00", "2026-03-02 00:00"]),
        ("cron(0 0 L * ? *)", "2026-01-31 00:00", ["2026-02-28 00:00", "2026-03-31 00:00"]),
        ("cron(0 0 29 2 ? *)", "2026-01-01 00:00", ["2028-02-29 00:00", "2032-02-29 00:00"]),
        ("cron(0 0 31 * ? *)", "2026-01-31 00:00", ["2026-03-31 00:00", "2026-05-31 00:00"]),
        ("cron(0 0 3W * ? *)", "2026-04-30 00:00", ["2026-05-04 00:00", "2026-06-03 00:00"]),  # 3 May is a Sunday
        ("cron(0 0 1W * ? *)", "2026-07-31 00:00", ["2026-08-03 00:00", "2026-09-01 00:00"]),  # 1 August: a Saturday
        ("cron(0 0 31W * ? *)", "2026-05-01 00:00", ["2026-05-29 00:00", "2026-07-31 00:00"]),  # 31 May: a Sunday
        ("cron(0 0 LW * ? *)", "2026-01-31 00:00", ["2026-02-27 00:00", "2026-03-31 00:00"]),
        ("cron(0 0 ? * 3#2 *)", "2026-03-01 00:00", ["2026-03-10 00:00", "2026-04-14 00:00"]),  # 2nd Tuesday
        ("cron(0 0 ? * FRI#5 *)", "2026-03-01 00:00", ["2026-05-29 00:00", "2026-07-31 00:00"]),
        ("cron(0 0 ? * 6L *)", "2026-03-01 00:00", ["2026-03-27 00:00", "2026-04-24 00:00"]),  # last Friday
        ("cron(0 0 ? * L *)", "2026-03-01 00:00", ["2026-03-07 00:00", "2026-03-14 00:00"]),  # Saturday
        ("cron(0 0 ? * SUN *)", "2026-03-01 00:00", ["2026-03-08 00:00", "2026-03-15 00:00"]),
        ("cron(0 0 ? JAN,jul 2 2027)", "2026-03-01 00:00", ["2027-01-04 00:00", "2027-01-11 00:00"]),
        ("cron(0 0 1 1 ? 2026-2027)", "2026-03-01 00:00", ["2027-01-01 00:00"]),
        ("cron(0 0 1 1 ? 2020)", "2026-03-01 00:00", []),
        ("cron(0 0 30 2 ? *)", "2026-03-01 00:00", []),
    ],
)
def test_cron(expression: str, start: str, expected: list[str]) -> None:
    assert firings(expression, start, 2) == expected


@pytest.mark.parametrize(
    "expression",
    [
        "rate(0 minutes)",
        "rate(1 minutes)",
        "rate(5 minute)",
        "rate(5 seconds)",
        "rate(-1 days)",
        "rate(1.5 hours)",
        "every day",
        "cron(0 10 * * *)",
        "cron(0 10 * * * *)",
        "cron(0 10 ? * ? *)",
        "cron(0 10 1 * MON *)",
        "cron(60 10 * * ? *)",
        "cron(0 24 * * ? *)",
        "cron(0 0 32 * ? *)",
        "cron(0 0 0 * ? *)",
        "cron(0 0 * 13 ? *)",
        "cron(0 0 * * ? 1969)",
        "cron(0 0 ? * 8 *)",
        "cron(0 0 ? * MON#6 *)",
        "cron(0 0 ? * FOO *)",
        "cron(0/0 0 * * ? *)",
        "cron(a 0 * * ? *)",
        "cron(0 0 1, * ? *)",
        "cron()",
        "at(2026-01-01T00:00:00)",
    ],
)
def test_an_invalid_expression(expression: str) -> None:
    with pytest.raises(InvalidSchedule):
        parse_rate_or_cron(expression)
