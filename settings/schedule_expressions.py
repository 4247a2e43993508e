"""Schedule expressions: ``cron(0 7 ? * MON-FRI *)``, once ``at(2026-12-24T18:00:00)``, ``rate(7 days)``; time zones.

AWS refuses an invalid expression only when a release is nearly finished: here it is refused at the start.
"""

from __future__ import annotations

import re
from datetime import datetime
from functools import cache
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AfterValidator

from settings.fields import matching

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
# name, lowest, highest, words for numbers, pattern of other values
FIELDS = (
    ("minute", 0, 59, (), r"\*"),
    ("hour", 0, 23, (), r"\*"),
    ("day of month", 1, 31, (), r"\*|\?|L|LW|[1-9]W|[12]\dW|3[01]W"),
    ("month", 1, 12, MONTHS, r"\*"),
    ("day of week", 1, 7, DAYS, r"\*|\?|L|(?:[1-7]|SUN|MON|TUE|WED|THU|FRI|SAT)(?:L|#[1-5])"),
    ("year", 1970, 2199, (), r"\*"),
)
EXAMPLE = '"cron(0 7 ? * MON-FRI *)" (minute, hour, day of month, month, day of week, year)'
AT = re.compile(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)")
RATE = re.compile(r"rate\(([1-9][0-9]{0,4}) (minute|hour|day)(s?)\)")
CRON = re.compile(r"cron\(([^()]+)\)")


def _expression(text: str, besides: str = '"at(2026-12-24T18:00:00)" for once') -> str:
    if once := AT.fullmatch(text):
        try:
            datetime.fromisoformat(once[1])
        except ValueError as error:
            raise ValueError(f"must be a time that exists; {once[1]} does not") from error
        return text
    cron = CRON.fullmatch(text)
    fields = cron[1].split() if cron else []
    if len(fields) != len(FIELDS):
        raise ValueError(f"must be {EXAMPLE}, or {besides}")
    for content, (name, low, high, words, others) in zip(fields, FIELDS, strict=True):
        if not all(_fits(part, low, high, words, others) for part in content.upper().split(",")):
            raise ValueError(f"must be {EXAMPLE}; {content} is not a valid {name} ({low} to {high})")
    if (fields[2] == "?") == (fields[4] == "?"):
        raise ValueError(f"must be {EXAMPLE}: one of day of month and day of week is ?, the other is not")
    return text


def _fits(part: str, low: int, high: int, words: tuple[str, ...], others: str) -> bool:
    """A value, a range, or either with a step: 7, MON-FRI, 0/15, */2."""
    values, slash, step = part.partition("/")
    if slash and not (step.isascii() and step.isdigit() and 0 < int(step) <= high):
        return False
    if re.fullmatch(others, values):
        return not slash or values == "*"
    first, dash, last = values.partition("-")
    numbers = [_number(text, low, words) for text in ((first, last) if dash else (first,))]
    return all(low <= number <= high for number in numbers) and numbers == sorted(numbers)


def _number(text: str, low: int, words: tuple[str, ...]) -> int:
    if text in words:
        return low + words.index(text)
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 4 else -1


@cache
def _zones() -> set[str]:
    """Empty on a machine without a time zone database: then only the syntax is checked."""
    return available_timezones()


def _zone(name: str) -> str:
    if _zones() and name not in _zones():
        raise ValueError('must be a time zone such as "Europe/Amsterdam" or "UTC"')
    return name


def _repeated(text: str) -> str:
    """Also at a rate, or "" for never."""
    if not text:
        return text
    if rate := RATE.fullmatch(text):
        if (int(rate[1]) == 1) == bool(rate[3]):
            raise ValueError('must agree in number: "rate(1 day)", "rate(7 days)"')
        return text
    return _expression(text, '"rate(7 days)", or "" for never')


ScheduleExpression = Annotated[str, AfterValidator(_expression)]
RepeatedSchedule = Annotated[str, AfterValidator(_repeated)]
TimeZone = Annotated[
    str,
    matching(r"[A-Za-z0-9_+/-]{1,64}", 'be a time zone such as "Europe/Amsterdam" or "UTC"'),
    AfterValidator(_zone),
]
