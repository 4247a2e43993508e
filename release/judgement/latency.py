"""Are the new fleet's latencies longer than ``factor`` times the old one's, at any quantile?

Once the old fleet has ended, the factor is a larger one: what is on record of it was measured under another load.

If they are not, the mean of every function that rises with the latency is no larger than that of the old fleet's
latencies times the factor. Three such functions are tested, chosen by what the old fleet has answered before the block:
the rank among its latencies, which sees a shift of all, and the shares above its p90 and its p99, which see a tail.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from math import ceil
from typing import Any

from release.judgement.answers import Fleet
from release.judgement.betting import BettingTest, Outcomes, log_mean
from release.judgement.bounds import binomial_bound, distribution_bound
from release.judgement.histogram import Histogram, Ranks, buckets

TAILS = (0.9, 0.99)
WEIGHTS = (0.5, 0.25, 0.25)  # of the rank and the tails


class LatencyTest:
    def __init__(self, factor: float, record_factor: float) -> None:
        self._factor, self._record_factor = factor, record_factor
        self.new, self.old = Histogram(), Histogram()  # the old one's times the factor
        self._tests = [BettingTest(0.0, 0.5), *(BettingTest(0.0, 1 - tail) for tail in TAILS)]
        self._bounds: list[float] = []

    @property
    def evidence(self) -> float:
        return log_mean([test.evidence for test in self._tests], WEIGHTS)

    def compare(self, new: Sequence[float], old: Sequence[float]) -> None:
        counts, old_counts = buckets(new), buckets(old, self._factor)
        if self.old.total:
            ranks = self.old.ranks()
            pairs = zip(self._tests, _scores(ranks, counts), _scores(ranks, old_counts), strict=True)
            for test, new_scores, old_scores in pairs:
                test.compare(new_scores, old_scores)
        self.new.add(counts)
        self.old.add(old_counts)

    def compare_with_bounds(self, new: Sequence[float]) -> None:
        counts = buckets(new, self._factor / self._record_factor)
        if self._bounds:
            for test, scores, bound in zip(self._tests, _scores(self.old.ranks(), counts), self._bounds, strict=True):
                test.compare_with_bound(scores, bound)
        self.new.add(buckets(new))

    def end_old(self, alpha: float) -> None:
        """From here on the old fleet is what is on record of it."""
        if total := self.old.total:
            alpha /= len(self._tests)
            tails = (binomial_bound(total - ceil(tail * total), total, alpha) for tail in TAILS)
            self._bounds = [0.5 + distribution_bound(total, alpha), *tails]

    def ratio(self, share: float) -> float:
        """How many times as slow the new fleet is at this quantile."""
        return self.new.milliseconds(share) / self.old.milliseconds(share) * self._factor

    @property
    def medians(self) -> tuple[float, float]:
        """Of the new fleet and of the old one, in ms."""
        return self.new.milliseconds(0.5), self.old.milliseconds(0.5) / self._factor

    def milliseconds(self, fleet: Fleet, share: float) -> float | None:
        """None while no latency of the fleet counts."""
        histogram, factor = (self.new, 1.0) if fleet == "new" else (self.old, self._factor)
        return histogram.milliseconds(share) / factor if histogram.total else None

    def state(self) -> dict[str, Any]:
        tests = [asdict(test) for test in self._tests]
        return {"new": self.new.state(), "old": self.old.state(), "tests": tests, "bounds": list(self._bounds)}

    def restore(self, state: dict[str, Any]) -> None:
        self.new, self.old = Histogram(state["new"]), Histogram(state["old"])
        self._tests = [BettingTest(**test) for test in state["tests"]]
        self._bounds = list(state["bounds"])


def _scores(ranks: Ranks, counts: Counter[int]) -> list[Outcomes]:
    scores: list[Outcomes] = [[(ranks.share_below(one), count) for one, count in counts.items()]]
    for tail in TAILS:
        limit = ranks.quantile(tail)
        above = sum(count for one, count in counts.items() if one > limit)
        scores.append(indicator(above, counts.total()))
    return scores


def indicator(hits: int, total: int) -> Outcomes:
    return [(value, number) for value, number in ((1.0, hits), (0.0, total - hits)) if number]
