"""Latencies in buckets of 2 %: small enough to store, and exact in what is counted above a bucket."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from math import exp, floor, log

WIDTH = log(1.02)
SHORTEST_MS = 0.01


def bucket(milliseconds: float) -> int:
    return floor(log(max(milliseconds, SHORTEST_MS)) / WIDTH)


def buckets(latencies: Iterable[float], factor: float = 1.0) -> Counter[int]:
    """How many latencies, times the factor, are in each bucket."""
    return Counter(bucket(factor * one) for one in latencies)


class Ranks:
    """Of the latencies that were there when it was created."""

    def __init__(self, counts: Counter[int]) -> None:
        self._buckets = sorted(counts)
        self._below, self.total = [], 0
        for one in self._buckets:
            self._below.append(self.total)
            self.total += counts[one]
        self._below.append(self.total)

    def share_below(self, one: int) -> float:
        """Half of those in the same bucket count."""
        at = bisect_left(self._buckets, one)
        if at < len(self._buckets) and self._buckets[at] == one:
            return (self._below[at] + self._below[at + 1]) / 2 / self.total
        return self._below[at] / self.total

    def quantile(self, share: float) -> int:
        """The lowest bucket that ``share`` of the latencies do not exceed."""
        at = bisect_left(self._below, share * self.total, lo=1)
        return self._buckets[min(at, len(self._buckets)) - 1]


class Histogram:
    def __init__(self, counts: Iterable[tuple[int, int]] = ()) -> None:
        self.counts: Counter[int] = Counter(dict(counts))

    @property
    def total(self) -> int:
        return self.counts.total()

    def add(self, counts: Counter[int]) -> None:
        self.counts.update(counts)

    def ranks(self) -> Ranks:
        return Ranks(self.counts)

    def milliseconds(self, share: float) -> float:
        return exp((self.ranks().quantile(share) + 0.5) * WIDTH)

    def state(self) -> list[tuple[int, int]]:
        return sorted(self.counts.items())

    def spread(self) -> float:
        """The standard deviation of the logarithm, as if it were normal; at least a bucket."""
        if not self.total:
            return WIDTH
        ranks = self.ranks()
        return max(1, ranks.quantile(0.84) - ranks.quantile(0.16)) * WIDTH / 2
