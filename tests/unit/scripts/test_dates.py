"""Dates and times: which texts are read, and as what."""

from datetime import UTC, date, datetime, timedelta, timezone

import pyarrow as pa
import pytest

import dates
from dates import DAY_FIRST, MONTH_FIRST


@pytest.mark.parametrize(
    ("text", "order", "time"),
    [
        ("2024-01-31", "", datetime(2024, 1, 31)),
        (" 2024/1/3\t", "", datetime(2024, 1, 3)),
        ("2024.02.29", "", datetime(2024, 2, 29)),
        ("2024-01-31 10:15", "", datetime(2024, 1, 31, 10, 15)),
        ("2024-01-31T10:15:07", "", datetime(2024, 1, 31, 10, 15, 7)),
        ("2024-01-31T10:15:07.25", "", datetime(2024, 1, 31, 10, 15, 7, 250_000)),
        ("2024-01-31T10:15:07,123456789", "", datetime(2024, 1, 31, 10, 15, 7, 123_456)),
        ("2024-01-31T10:15:07Z", "", datetime(2024, 1, 31, 10, 15, 7)),
        ("2024-01-31 10:15:07 UTC", "", datetime(2024, 1, 31, 10, 15, 7)),
        ("2024-01-31T23:30+02:00", "", datetime(2024, 1, 31, 21, 30)),
        ("2024-01-31T23:30:00-0130", "", datetime(2024, 2, 1, 1, 0)),
        ("0001-01-01", "", datetime(1, 1, 1)),
        ("9999-12-31 23:59:59.999999", "", datetime(9999, 12, 31, 23, 59, 59, 999_999)),
        ("31.12.2024", DAY_FIRST, datetime(2024, 12, 31)),
        ("03/04/2024 9:05", DAY_FIRST, datetime(2024, 4, 3, 9, 5)),
        ("03/04/2024", MONTH_FIRST, datetime(2024, 3, 4)),
        ("2024-03-04", DAY_FIRST, datetime(2024, 3, 4)),
        ("2023-02-29", "", None),
        ("1900-02-29", "", None),
        ("2024-00-10", "", None),
        ("2024-04-31", "", None),
        ("2024-13-01", "", None),
        ("2024-01-31 24:00", "", None),
        ("2024-01-31 10:60", "", None),
        ("2024-01-31T10:00+25:00", "", None),
        ("0001-01-01T00:00+02:00", "", None),
        ("03/04/2024", "", None),
        ("04.03.2024", MONTH_FIRST, None),
        ("1/2/24", DAY_FIRST, None),
        ("20240131", "", None),
        ("soon", "", None),
    ],
)
def test_texts(text, order, time):
    times, wrong = dates.parse(pa.array([None, text]), order)
    assert times.to_pylist() == [None, time]
    assert wrong.tolist() == [False, time is None]


def test_typed_columns_have_the_meaning_of_their_texts():
    east = timezone(timedelta(hours=2))
    for values in (
        pa.array([date(2024, 1, 31), None]),
        pa.array([date(2024, 1, 31), None], pa.date64()),
        pa.array([datetime(2024, 1, 31), None], pa.timestamp("ns")),
        pa.array([datetime(2024, 1, 31, tzinfo=UTC), None], pa.timestamp("ms", "Europe/Berlin")),
        pa.array([datetime(2024, 1, 31, 2, tzinfo=east), None], pa.timestamp("us", "+02:00")),
    ):
        times, wrong = dates.of_arrow(values)
        assert (times.to_pylist(), wrong.any()) == ([datetime(2024, 1, 31), None], False)


def test_typed_values_that_are_no_times_are_wrong():
    for values in (pa.array([1.5, None]), pa.array([True, None]), pa.array([2**40, None], pa.timestamp("s"))):
        times, wrong = dates.of_arrow(values)
        assert (times.null_count, wrong.tolist()) == (2, [True, False])


def test_parts_are_those_of_the_calendar():
    start = datetime(1969, 12, 28, 5, 30)
    times = [start + timedelta(hours=29 * number) for number in range(400)]
    year, month, weekday, hour = (
        one.compute({"x": pa.array([*times, None], dates.TIME)}) for one in dates.parts("x", "")
    )
    assert year.to_pylist() == [*(one.year for one in times), None]
    assert month.to_pylist() == [*(one.month for one in times), None]
    assert weekday.to_pylist() == [*(one.isoweekday() for one in times), None]
    assert hour.to_pylist() == [*(one.hour for one in times), None]


def test_a_text_is_as_people_write_it_and_is_read_as_the_same_time():
    texts = pa.array(["2024-01-31", "2024-01-31 10:15:00", "1950-07-01 23:00:01.000250", None])
    times, _ = dates.parse(texts, "")
    assert dates.text(times).to_pylist() == texts.to_pylist()
