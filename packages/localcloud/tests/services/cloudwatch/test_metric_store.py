from __future__ import annotations

import threading

import pytest

from localcloud.services.cloudwatch.metric_store import DAY, HOUR, Grid, Metric, MetricStore
from localcloud.services.cloudwatch.statistics import PLAIN, Bucket

M = Metric.of("n", "m", [{"Name": "b", "Value": "2"}, {"Name": "a", "Value": "1"}])
START = 1_700_000_000 // HOUR * HOUR


class Time:
    def __init__(self) -> None:
        self.now = float(START)

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def store(time: Time) -> MetricStore:
    return MetricStore(time)


def put(store: MetricStore, at: float, value: float, resolution: int = 60, unit: str = "None") -> None:
    bucket = Bucket()
    bucket.add(value)
    store.put(M, unit, at, bucket, resolution)


def sums(store: MetricStore, start: int, end: float, period: int, unit: str | None = None) -> dict[int, float]:
    points = store.points(M, Grid(start, end, period), PLAIN["Sum"], unit)
    return {point.time - START: point.value for point in points}


def test_the_order_of_dimensions_has_no_meaning() -> None:
    assert Metric.of("n", "m", [{"Name": "a", "Value": "1"}, {"Name": "b", "Value": "2"}]) == M


def test_values_fall_into_periods_from_the_start(store: MetricStore) -> None:
    for at, value in ((0, 1), (59.9, 2), (60, 4), (120, 8), (300, 16)):
        put(store, START + at, value)
    assert sums(store, START, START + 301, 60) == {0: 3, 60: 4, 120: 8, 300: 16}
    assert sums(store, START, START + 300, 300) == {0: 15}  # the end is outside
    assert sums(store, START + 60, START + 360, 120) == {60: 12, 300: 16}


def test_units_apart_and_together(store: MetricStore) -> None:
    put(store, START, 1, unit="Count")
    put(store, START, 2, unit="Seconds")
    assert sums(store, START, START + 60, 60) == {0: 3}
    assert sums(store, START, START + 60, 60, "Count") == {0: 1}
    grouped = store.by_unit(M, Grid(START, START + 60, 60), PLAIN["Sum"])
    assert grouped == [(START, "Count", 1), (START, "Seconds", 2)]


def test_late_values_count_in_their_own_time(store: MetricStore) -> None:
    put(store, START + 600, 1)
    put(store, START - 7200, 2)
    put(store, START + 30, 4)
    assert sums(store, START - 7200, START + 601, 60) == {-7200: 2, 0: 4, 600: 1}
    assert sums(store, START, START + 60, 60) == {0: 4}
    assert sums(store, START - 7200, START, 60) == {-7200: 2}


def test_seconds_are_kept_three_hours_then_minutes(store: MetricStore, time: Time) -> None:
    put(store, START + 1, 1, resolution=1)
    put(store, START + 2, 2, resolution=1)
    assert sums(store, START, START + 60, 1) == {1: 1, 2: 2}
    time.now = START + 3 * HOUR + 60
    assert sums(store, START, START + 60, 1) == {}
    assert sums(store, START, START + 60, 60) == {0: 3}
    assert sums(store, START, START + 300, 300) == {0: 3}


def test_that_does_not_wait_for_the_sweep(store: MetricStore, time: Time) -> None:
    put(store, START + 1, 1, resolution=1)
    time.now = START + 3 * HOUR - 60
    assert sums(store, START, START + 60, 1) == {1: 1}  # and swept: the next time in an hour
    time.now += 120
    assert sums(store, START, START + 60, 1) == {}
    assert sums(store, START, START + 60, 60) == {0: 1}


@pytest.mark.parametrize(("days", "finest"), [(14, 60), (16, 300), (64, HOUR)])
def test_older_data_has_a_coarser_period_only(store: MetricStore, time: Time, days: int, finest: int) -> None:
    for minute in range(60):
        put(store, START + minute * 60, 1, resolution=1)
    for day in range(days + 1):  # as time passes, with another metric each day
        time.now = START + day * DAY
        store.put(Metric.of("n", "other"), "None", time.now, Bucket())
    for period in (60, 300, HOUR):
        totals = sums(store, START, START + HOUR, period)
        assert sum(totals.values()) == (60 if period >= finest else 0), period


def test_old_data_is_deleted_from_memory(store: MetricStore, time: Time) -> None:
    for minute in range(100):
        put(store, START + minute * 60, 1)
    time.now = START + 456 * DAY
    put(store, time.now, 1)
    assert sums(store, START, START + DAY, HOUR) == {}
    time.now += 456 * DAY
    assert store.metrics(10_000 * DAY) == []
    assert store._series == {}


def test_a_level_holds_only_its_retention(store: MetricStore, time: Time) -> None:
    """Six hours of seconds: three of them by the second, the rest by the minute."""
    for second in range(0, 6 * HOUR, 5):
        time.now = START + second
        put(store, time.now, 1, resolution=1)
    time.now += HOUR
    put(store, time.now, 1, resolution=1)
    levels = store._series[M]["None"].levels
    assert len(levels[0].times) <= 3 * HOUR / 5 + 2
    assert len(levels[0].buckets) == len(levels[0].times)
    assert sum(sums(store, START, time.now + 1, 60).values()) == 6 * HOUR / 5 + 1


def test_minutes_are_in_periods_of_seconds_at_their_minute(store: MetricStore) -> None:
    put(store, START + 75, 7)
    assert sums(store, START, START + 120, 10) == {60: 7}


def test_metrics_with_recent_data(store: MetricStore, time: Time) -> None:
    put(store, START, 1)
    time.now = START + 4 * HOUR
    assert store.metrics() == [M]
    assert store.metrics(3 * HOUR) == []
    time.now = START + 15 * DAY
    assert store.metrics() == []


def test_concurrent_puts(store: MetricStore) -> None:
    def put_many() -> None:
        for number in range(500):
            put(store, START + number, 1)
            store.points(M, Grid(START, START + 600, 60), PLAIN["Sum"])

    threads = [threading.Thread(target=put_many) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sum(sums(store, START, START + 600, 60).values()) == 2000
