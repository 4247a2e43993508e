"""The values of metrics, in memory, no longer and no finer than AWS keeps them.

    by the second        3 hours     then by the minute
    by the minute        15 days     then by 5 minutes
    by 5 minutes         63 days     then by the hour
    by the hour          455 days    then deleted

Values arrive late, for readers and for alarms: those by the minute a minute after the end of the minute in which they
were put, all together, and those by the second, of high-resolution metrics, after seconds. AWS promises neither.

The store has a lock of its own, under which nothing else is called: values come from any thread.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left, insort
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count
from threading import Lock
from typing import Any, NamedTuple, TypeVar

from localcloud.services.cloudwatch.statistics import Bucket, Statistic, sample_count

HOUR, DAY = 3600, 86_400
MINUTE = 60
LEVELS = ((1, 3 * HOUR), (MINUTE, 15 * DAY), (300, 63 * DAY), (HOUR, 455 * DAY))  # resolution, retention
DELAYS = {1: 5, MINUTE: 60}  # by resolution: seconds of the clock from the end of a second, or a minute, to its arrival
TWO_WEEKS = 14 * DAY
T = TypeVar("T")


class Metric(NamedTuple):
    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]  # sorted: their order has no meaning

    @classmethod
    def of(cls, namespace: str, name: str, dimensions: Sequence[Mapping[str, str]] = ()) -> Metric:
        return cls(namespace, name, tuple(sorted((each["Name"], each["Value"]) for each in dimensions)))

    def describe(self) -> dict[str, Any]:
        dimensions = [{"Name": name, "Value": value} for name, value in self.dimensions]
        return {"Namespace": self.namespace, "MetricName": self.name, "Dimensions": dimensions}


class Grid(NamedTuple):
    """Periods from ``start`` on; ``end`` is outside. Seconds since 1970."""

    start: int
    end: float
    period: int

    def slot(self, time: float) -> int:
        return self.start + int(time - self.start) // self.period * self.period

    def __len__(self) -> int:
        return max(0, -int(-(self.end - self.start) // self.period))

    def times(self) -> range:
        return range(self.start, self.start + len(self) * self.period, self.period)


class Point(NamedTuple):
    time: int
    value: float
    samples: float


class _Level:
    """The buckets of one resolution, by their time."""

    def __init__(self) -> None:
        self.times: list[int] = []
        self.buckets: dict[int, Bucket] = {}

    def bucket(self, time: int) -> Bucket:
        if time not in self.buckets:
            self.buckets[time] = Bucket()
            insort(self.times, time)
        return self.buckets[time]

    def between(self, start: float, end: float) -> Iterator[tuple[int, Bucket]]:
        for time in self.times[bisect_left(self.times, start) : bisect_left(self.times, end)]:
            yield time, self.buckets[time]

    def pop_before(self, time: float) -> Iterator[tuple[int, Bucket]]:
        index = bisect_left(self.times, time)
        old, self.times = self.times[:index], self.times[index:]
        for each in old:
            yield each, self.buckets.pop(each)


class _Series:
    """One metric in one unit."""

    def __init__(self) -> None:
        self.levels = [_Level() for _ in LEVELS]
        self.latest = 0.0

    def put(self, time: float, resolution: int, values: Bucket, now: float) -> None:
        """Older values go to the level for their age."""
        for level, (step, retention) in zip(self.levels, LEVELS, strict=True):
            if step >= resolution and time >= now - retention:
                level.bucket(int(time // step * step)).merge(values)
                self.latest = max(self.latest, time)
                return

    def age(self, now: float) -> bool:
        """False when nothing is left."""
        for number, (_, retention) in enumerate(LEVELS):
            for time, bucket in self.levels[number].pop_before(now - retention):
                if number + 1 < len(LEVELS):
                    step = LEVELS[number + 1][0]
                    self.levels[number + 1].bucket(time // step * step).merge(bucket)
        return any(level.times for level in self.levels)

    def slots(self, grid: Grid, now: float) -> dict[int, list[Bucket]]:
        slots: dict[int, list[Bucket]] = {}
        for level, oldest in self._readable(grid.period, now):
            for time, bucket in level.between(max(grid.start, oldest), grid.end):
                slots.setdefault(grid.slot(time), []).append(bucket)
        return slots

    def _readable(self, period: int, now: float) -> Iterator[tuple[_Level, float]]:
        """Values by the minute are in a period of seconds too, at their minute, as long as seconds are kept."""
        for number, (step, retention) in enumerate(LEVELS):
            last = number + 1 == len(LEVELS)
            if step <= period:
                yield self.levels[number], now - retention if last or period < LEVELS[number + 1][0] else 0
            elif step == MINUTE:
                yield self.levels[number], now - LEVELS[0][1]


def arrival(now: float, resolution: int) -> float:
    return (now // resolution + 1) * resolution + DELAYS[resolution]


class Arrival(NamedTuple):
    """A value that cannot be read yet."""

    at: float
    number: int  # the order of those of the same time
    metric: Metric
    unit: str
    time: float
    resolution: int
    values: Bucket


class MetricStore:
    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._lock = Lock()
        self._arriving: list[Arrival] = []  # a heap
        self._numbers = count()
        self._series: dict[Metric, dict[str, _Series]] = {}
        self._next_sweep = 0.0

    def put(self, metric: Metric, unit: str, time: float, values: Bucket, resolution: int = MINUTE) -> None:
        with self._lock:
            at = arrival(self._now(), resolution)
            heapq.heappush(self._arriving, Arrival(at, next(self._numbers), metric, unit, time, resolution, values))
            self._sweep()

    def points(self, metric: Metric, grid: Grid, statistic: Statistic, unit: str | None = None) -> list[Point]:
        """By time; a period without data has none. Without a unit, all units together."""
        with self._lock:
            now = self._sweep()
            slots: dict[int, list[Bucket]] = {}
            for each, series in self._series.get(metric, {}).items():
                if unit in (None, each):
                    for slot, buckets in series.slots(grid, now).items():
                        slots.setdefault(slot, []).extend(buckets)
            measured = ((slot, statistic(buckets), sample_count(buckets)) for slot, buckets in sorted(slots.items()))
            return [Point(slot, value, samples) for slot, value, samples in measured if value is not None]

    def by_unit(self, metric: Metric, grid: Grid, measure: Callable[[Sequence[Bucket]], T]) -> list[tuple[int, str, T]]:
        with self._lock:
            now = self._sweep()
            return sorted(
                (slot, unit, measure(buckets))
                for unit, series in self._series.get(metric, {}).items()
                for slot, buckets in series.slots(grid, now).items()
            )

    def metrics(self, seconds: float = TWO_WEEKS) -> list[Metric]:
        """Those with data in the last ``seconds``."""
        with self._lock:
            since = self._sweep() - seconds
            return [
                metric
                for metric, units in self._series.items()
                if any(series.latest >= since for series in units.values())
            ]

    def clear(self) -> None:
        with self._lock:
            self._series.clear()
            self._arriving.clear()

    def _sweep(self) -> float:
        """Returns the time, when all that has arrived by then can be read. Once an hour, values too old for their level
        move on; reading does not depend on that."""
        now = self._now()
        while self._arriving and self._arriving[0].at <= now:
            _, _, metric, unit, time, resolution, values = heapq.heappop(self._arriving)
            self._series.setdefault(metric, {}).setdefault(unit, _Series()).put(time, resolution, values, now)
        if now >= self._next_sweep:
            self._next_sweep = now + HOUR
            for metric, units in list(self._series.items()):
                left = {unit: series for unit, series in units.items() if series.age(now)}
                if left:
                    self._series[metric] = left
                else:
                    del self._series[metric]
        return now
