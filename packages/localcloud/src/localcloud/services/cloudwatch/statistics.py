"""Statistics of the values of one period: Sum, Average, Minimum, Maximum, SampleCount and percentiles.

A percentile is interpolated between the two values next to it. It is exact up to 1000 different values a bucket;
beyond, values less than 1 % apart count as one, so that memory stays bounded however many requests are measured.

Not reproduced: trimmed and winsorized means, trimmed counts and sums, percentile ranks, IQM.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Callable, Sequence

MAX_VALUES = 1000
GROWTH = math.log(1.01)
PERCENTILE = re.compile(r"p(100(\.0{1,10})?|\d{1,2}(\.\d{1,10})?)")


class Bucket:
    """The values of one metric and unit in one second, minute, ...; ``values`` is None where they are unknown."""

    __slots__ = ("binned", "count", "high", "low", "total", "values")

    def __init__(self) -> None:
        self.count, self.total, self.low, self.high = 0.0, 0.0, math.inf, -math.inf
        self.values: dict[float, float] | None = {}
        self.binned = False

    def add(self, value: float, weight: float = 1.0) -> None:
        self._accumulate(weight, value * weight, value, value)
        self._keep(value, weight)

    def add_set(self, count: float, total: float, low: float, high: float) -> None:
        """A statistic set. Its percentiles are known only when all its values are the same."""
        self._accumulate(count, total, low, high)
        if low == high:
            self._keep(low, count)
        else:
            self.values = None

    def merge(self, other: Bucket) -> None:
        self._accumulate(other.count, other.total, other.low, other.high)
        if other.values is None:
            self.values = None
            return
        for value, weight in other.values.items():
            self._keep(value, weight)

    def _accumulate(self, count: float, total: float, low: float, high: float) -> None:
        self.count += count
        self.total += total
        self.low, self.high = min(self.low, low), max(self.high, high)

    def _keep(self, value: float, weight: float) -> None:
        if self.values is None:
            return
        if self.binned:
            value = _bin(value)
        self.values[value] = self.values.get(value, 0.0) + weight
        if not self.binned and len(self.values) > MAX_VALUES:
            self.binned, exact, self.values = True, self.values, {}
            for each, times in exact.items():
                self._keep(each, times)


def _bin(value: float) -> float:
    if value == 0:
        return 0.0
    return math.copysign(math.exp(round(math.log(abs(value)) / GROWTH) * GROWTH), value)


Statistic = Callable[[Sequence[Bucket]], float | None]


def sample_count(buckets: Sequence[Bucket]) -> float:
    return sum(bucket.count for bucket in buckets)


def _average(buckets: Sequence[Bucket]) -> float | None:
    count = sample_count(buckets)
    return sum(bucket.total for bucket in buckets) / count if count else None


PLAIN: dict[str, Statistic] = {
    "SampleCount": sample_count,
    "Sum": lambda buckets: sum(bucket.total for bucket in buckets),
    "Average": _average,
    "Minimum": lambda buckets: min(bucket.low for bucket in buckets),
    "Maximum": lambda buckets: max(bucket.high for bucket in buckets),
}


def find_statistic(name: str) -> Statistic | None:
    """None: there is no such statistic, or it is not reproduced."""
    if PERCENTILE.fullmatch(name):
        return lambda buckets: _percentile(buckets, float(name[1:]) / 100)
    return PLAIN.get(name)


def _percentile(buckets: Sequence[Bucket], share: float) -> float | None:
    weights: defaultdict[float, float] = defaultdict(float)
    for bucket in buckets:
        if bucket.values is None:
            return None
        for value, weight in bucket.values.items():
            weights[value] += weight
    if not weights:
        return None
    rank = share * max(sum(weights.values()) - 1, 0)
    below, above = _between(sorted(weights.items()), rank)
    return below + (above - below) * (rank - math.floor(rank))


def _between(weighted: Sequence[tuple[float, float]], rank: float) -> tuple[float, float]:
    """The values at the whole ranks around ``rank``, counting from 0."""
    seen, below = 0.0, None
    for value, weight in weighted:
        seen += weight
        if below is None and seen > math.floor(rank):
            below = value
        if below is not None and seen > math.ceil(rank):
            return below, value
    last = weighted[-1][0]
    return (last if below is None else below), last
