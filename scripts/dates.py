"""Dates and times: how texts are read as such, and the numbers that a model sees of them.

2024-01-31, 2024/1/31 and 2024.01.31 are read everywhere, with a time after a space or T; a column can have days or
months first. A time with a zone becomes UTC; one without is taken as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

DAY_FIRST, MONTH_FIRST = "day-first", "month-first"
EXAMPLES = {"": "2024-01-31 10:15", DAY_FIRST: "31/01/2024 10:15", MONTH_FIRST: "01/31/2024 10:15"}
YEAR_FIRST = r"(?P<year>[0-9]{4})[-/.](?P<month>[0-9]{1,2})[-/.](?P<day>[0-9]{1,2})"
DATES = {
    "": YEAR_FIRST,
    DAY_FIRST: r"(?P<day>[0-9]{1,2})[-/.](?P<month>[0-9]{1,2})[-/.](?P<year>[0-9]{4})",
    MONTH_FIRST: r"(?P<month>[0-9]{1,2})[-/](?P<day>[0-9]{1,2})[-/](?P<year>[0-9]{4})",  # with dots, days are first
}
CLOCK = (
    r"(?:[ T](?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:[.,](?P<fraction>[0-9]{1,9}))?)?"
    r"(?:Z| ?UTC|(?P<zone>[+-][0-9]{2}:?[0-9]{2}))?)?"
)
TIME = pa.timestamp("us")
AGE = "age"
DAY = 24 * 3600 * 1_000_000
PARTS = {
    "year": pc.year,
    "month": pc.month,
    "weekday": lambda times: pc.day_of_week(times, count_from_zero=False),  # Monday is 1
    "hour": pc.hour,
}
Places = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class DatePart:
    """A model's column that is computed from a date or time."""

    column: str
    part: str
    order: str = ""  # of the column's texts
    event_time: str = ""  # of an age: the column of times at which it is that old

    @property
    def name(self) -> str:
        return f"{self.column} {self.part}"

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.column, self.event_time) if self.event_time else (self.column,)

    def compute(self, table: Mapping[str, pa.Array | pa.ChunkedArray]) -> pa.Array | pa.ChunkedArray:
        times = table[self.column]
        if self.part != AGE:
            return PARTS[self.part](times).cast(pa.float64())
        micros = pc.subtract(table[self.event_time].cast(pa.int64()), times.cast(pa.int64()))
        return pc.divide(micros.cast(pa.float64()), float(DAY))


def parts(column: str, order: str, event_time: str = "") -> list[DatePart]:
    """Of an event's own time without the year: a model has seen none of those to come."""
    found = [DatePart(column, part, order) for part in PARTS if not (part == "year" and column == event_time)]
    return [*found, DatePart(column, AGE, order, event_time)] if event_time not in ("", column) else found


def parse(texts: pa.Array, order: str) -> tuple[pa.Array, Places]:
    """Times, null where a text is none, and where that is."""
    times, wrong = _parse(texts, "")
    if not order or not wrong.any():
        return times, wrong
    others, still_wrong = _parse(texts, order)
    return pc.coalesce(times, others), wrong & still_wrong


def of_arrow(values: pa.Array) -> tuple[pa.Array, Places]:
    """A typed column of dates, or of times in any unit and zone, to times; years that no text can have are wrong."""
    if pa.types.is_date(values.type):
        values = values.cast(pa.timestamp("s"))
    if not pa.types.is_timestamp(values.type):
        return pa.nulls(len(values), TIME), np.asarray(values.is_valid())
    seconds = values.cast(pa.timestamp("s", values.type.tz), safe=False).cast(pa.int64())
    low, high = (int(np.datetime64(text, "s").astype(np.int64)) for text in ("0001-01-01", "9999-12-31T23:59:59"))
    valid = pc.and_(pc.greater_equal(seconds, low), pc.less_equal(seconds, high))
    kept = pc.if_else(valid, values, pa.scalar(None, values.type))
    times = kept.cast(pa.timestamp("us", values.type.tz), safe=False).cast(pa.int64()).cast(TIME)
    return times, np.asarray(pc.fill_null(pc.invert(valid), False))


def text(times: pa.Array) -> pa.Array:
    """As most people write them: 2024-01-31 at midnight, else 2024-01-31 10:15:00."""
    seconds = times.cast(pa.timestamp("s"), safe=False)
    whole = pc.equal(seconds.cast(TIME), times)
    written = pc.if_else(whole, seconds.cast(pa.string()), times.cast(pa.string()))
    days = times.cast(pa.date32(), safe=False)
    return pc.if_else(pc.equal(days.cast(TIME), times), days.cast(pa.string()), written)


def _parse(texts: pa.Array, order: str) -> tuple[pa.Array, Places]:
    fields = pc.extract_regex(texts, f"^[ \\t]*{DATES[order]}{CLOCK}[ \\t]*$")
    given = np.asarray(texts.is_valid())
    matching = np.asarray(pc.and_(texts.is_valid(), pc.fill_null(fields.is_valid(), False)))
    micros, valid = _micros(fields.filter(pa.array(matching)))
    result, found = np.zeros(len(texts), np.int64), matching.copy()
    result[matching], found[matching] = micros, valid
    return pa.array(result, pa.int64(), mask=~found).cast(TIME), given & ~found


def _micros(fields: pa.Array) -> tuple[Numbers, Places]:
    """Since 1970, and which of them are in the calendar and on the clock."""
    year, month, day, hour, minute, second = (
        _numbers(fields.field(name)) for name in ("year", "month", "day", "hour", "minute", "second")
    )
    months = (year - 1970) * 12 + np.clip(month, 1, 12) - 1
    days = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) + day - 1
    in_month = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) == months
    zone, zone_valid = _zones(fields.field("zone"))
    valid = (year >= 1) & (month >= 1) & (month <= 12) & (day >= 1) & in_month
    valid &= (hour < 24) & (minute < 60) & (second < 60) & zone_valid
    fraction = _numbers(pc.utf8_slice_codeunits(pc.utf8_rpad(fields.field("fraction"), 6, "0"), 0, 6))
    micros = ((((days * 24 + hour) * 60 + minute - zone) * 60) + second) * 1_000_000 + fraction
    limits = (np.datetime64(text, "us").astype(np.int64) for text in ("0001-01-01", "9999-12-31T23:59:59.999999"))
    low, high = limits
    return micros, valid & (micros >= low) & (micros <= high)


def _numbers(digits: pa.Array) -> Numbers:
    """0 where there are none."""
    filled = pc.if_else(pc.equal(pc.fill_null(digits, ""), ""), "0", digits)
    numbers: Numbers = filled.cast(pa.int64()).to_numpy(zero_copy_only=False)
    return numbers


def _zones(zones: pa.Array) -> tuple[Numbers, Places]:
    """Minutes before UTC, of a column in which few differ."""
    coded = pc.fill_null(zones, "").dictionary_encode()
    minutes = np.array([_minutes(zone) for zone in coded.dictionary.to_pylist()], np.int64)
    codes = coded.indices.to_numpy(zero_copy_only=False)
    found = minutes[codes] if len(minutes) else np.zeros(len(zones), np.int64)
    return found, np.abs(found) < 24 * 60


def _minutes(zone: str) -> int:
    if not zone:
        return 0
    hours, minutes = int(zone[1:3]), int(zone[-2:])
    size = hours * 60 + minutes if minutes < 60 else 24 * 60
    return -size if zone[0] == "-" else size
