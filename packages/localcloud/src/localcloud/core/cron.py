"""AWS's cron fields: ``0 8 ? * MON-FRI *`` is minutes, hours, day of month, month, day of week, year. Pure."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
FIRST_YEAR, LAST_YEAR = 1970, 2199
DayTest = Callable[[date], bool]


class InvalidSchedule(ValueError):
    """Why AWS refuses an expression."""


class Cron:
    """Wall-clock times, taken as UTC."""

    def __init__(self, fields: list[str]) -> None:
        minutes, hours, day, month, weekday, year = fields
        if (day == "?") == (weekday == "?"):
            raise InvalidSchedule("one of day-of-month and day-of-week must be ?, the other must not")
        self.minutes = sorted(_numbers(minutes, 0, 59))
        self.hours = sorted(_numbers(hours, 0, 23))
        self.months = _numbers(month, 1, 12, MONTHS)
        self.years = sorted(_numbers(year, FIRST_YEAR, LAST_YEAR))
        self.on_day = _day_of_month(day) if weekday == "?" else _day_of_week(weekday)

    def after(self, moment: datetime) -> datetime | None:
        start = moment.astimezone(UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)
        months = ((year, month) for year in self.years for month in sorted(self.months))
        times = (self._in_month(*month, start) for month in months if month >= (start.year, start.month))
        return next(filter(None, times), None)

    def _in_month(self, year: int, month: int, start: datetime) -> datetime | None:
        for number in range(1, monthrange(year, month)[1] + 1):
            day = date(year, month, number)
            if day >= start.date() and self.on_day(day):
                times = (datetime(year, month, number, h, m, tzinfo=UTC) for h in self.hours for m in self.minutes)
                if due := next((time for time in times if time >= start), None):
                    return due
        return None


def _numbers(text: str, low: int, high: int, names: tuple[str, ...] = ()) -> set[int]:
    """``*``, ``5``, ``1-5``, ``MON-FRI``, ``0/15``, ``*/5``, ``10-50/10``, and several of these with commas."""
    numbers: set[int] = set()
    for part in text.split(","):
        span, slash, step_text = part.partition("/")
        step = _number(step_text, 1, high) if slash else 1
        first, dash, last = span.partition("-")
        if span == "*":
            begin, end = low, high
        else:
            begin = _number(first, low, high, names)
            end = _number(last, low, high, names) if dash else (high if slash else begin)
        in_span = range(begin, end + 1) if begin <= end else [*range(begin, high + 1), *range(low, end + 1)]
        numbers.update(list(in_span)[::step])
    return numbers


def _number(text: str, low: int, high: int, names: tuple[str, ...] = ()) -> int:
    number = names.index(text) + 1 if text in names else int(text) if re.fullmatch(r"[0-9]{1,4}", text) else None
    if number is None or not low <= number <= high:
        raise InvalidSchedule(f"{text!r} is not between {low} and {high}")
    return number


def _day_of_month(text: str) -> DayTest:
    if text == "L":
        return lambda day: day.day == _last_day(day)
    if text == "LW":
        return lambda day: day == _nearest_workday(day, _last_day(day))
    if nearest := re.fullmatch(r"([0-9]{1,2})W", text):
        number = _number(nearest[1], 1, 31)
        return lambda day: number <= _last_day(day) and day == _nearest_workday(day, number)
    days = _numbers(text, 1, 31)
    return lambda day: day.day in days


def _day_of_week(text: str) -> DayTest:
    if text == "L":
        return lambda day: _weekday(day) == len(WEEKDAYS)
    if last := re.fullmatch(r"([0-9]|[A-Z]{3})L", text):
        weekday = _number(last[1], 1, 7, WEEKDAYS)
        return lambda day: _weekday(day) == weekday and day.day + 7 > _last_day(day)
    if nth := re.fullmatch(r"([0-9]|[A-Z]{3})#([1-5])", text):
        weekday, instance = _number(nth[1], 1, 7, WEEKDAYS), int(nth[2])
        return lambda day: _weekday(day) == weekday and (day.day + 6) // 7 == instance
    days = _numbers(text, 1, 7, WEEKDAYS)
    return lambda day: _weekday(day) in days


def _weekday(day: date) -> int:
    """1 is Sunday."""
    return day.isoweekday() % 7 + 1


def _last_day(day: date) -> int:
    return monthrange(day.year, day.month)[1]


def _nearest_workday(day: date, number: int) -> date:
    """The workday nearest to a day of the month, without leaving the month."""
    nearest = day.replace(day=number)
    if nearest.isoweekday() == 6:
        return nearest + timedelta(days=2 if number == 1 else -1)
    if nearest.isoweekday() == 7:
        return nearest + timedelta(days=-2 if number == _last_day(day) else 1)
    return nearest
