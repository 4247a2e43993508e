"""How often a fault of a known size makes the judgement fail, after so many answers.

Computed, not simulated: of errors the share is a sum over how many answers of both fleets fail, of latencies a normal
approximation of how the wealth grows. Both count only what stands when the bake ends, and of latencies only the rank:
rather more is caught than they say.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace
from functools import cache
from math import exp, inf, log, log1p, sqrt
from statistics import NormalDist, fmean

from release.judgement.betting import SMALLEST, Bet, Outcomes, bets, gain, log_mean
from release.judgement.bounds import binomial, binomial_below, binomial_bound, distribution_bound
from release.judgement.latency import WEIGHTS
from release.judgement.limits import BLOCK, Limits, block_size

FLEET_SPREAD = 0.12  # standard deviation of the logarithm of how two fleets of one model compare
AT_MOST = 0.99  # nothing is promised with more
NORMAL = NormalDist()
GRID = [(step + 0.5) / 50 for step in range(50)]  # ranks of equally probable latencies
POINTS = [NORMAL.inv_cdf(rank) for rank in GRID]
NUMBERS = 30
HIT: Outcomes = [(1.0, 1)]
MISS: Outcomes = [(0.0, 1)]
# Ten equally probable factors by which one fleet differs from another of the same model.
DIFFERENCES = [exp(FLEET_SPREAD * NORMAL.inv_cdf((step + 0.5) / 10)) for step in range(10)]


@dataclass(frozen=True)
class Fault:
    name: str
    latency_factor: float = 1.0
    error_points: float = 0.0


@dataclass(frozen=True)
class Exposure:
    """What there is to judge by."""

    new: int  # answers of the new fleet
    old: int  # of the old one
    control: bool = True  # did the old fleet answer at the same time? Else it is on record
    error_rate: float = 0.002  # of the old fleet
    spread: float = 0.5  # standard deviation of the logarithm of a latency


@cache
def caught(fault: Fault, exposure: Exposure, limits: Limits) -> float:
    exposure = replace(exposure, new=exposure.new - block_size(exposure.new))  # the last block remains incomplete
    if exposure.new <= BLOCK or not exposure.old:
        return 0.0
    if fault.error_points:
        return min(AT_MOST, _errors_caught(min(1.0, exposure.error_rate + fault.error_points), exposure, limits))
    return min(AT_MOST, fmean(_latency_caught(fault.latency_factor * one, exposure, limits) for one in DIFFERENCES))


def _errors_caught(rate: float, exposure: Exposure, limits: Limits) -> float:
    """Summed over how many answers of the old fleet fail: the share in which enough of the new one do."""
    limit, centre, alternatives = _error_bets(rate, exposure, limits)
    hit, miss = ([gain(one, [], bet, limit, centre) for bet in alternatives] for one in (HIT, MISS))
    old_hit, old_miss = ([gain([], one, bet, limit, centre) for bet in alternatives] for one in (HIT, MISS))
    rates = [min(1.0, rate * one) for one in DIFFERENCES]
    share = 0.0
    for hits, probability in _likely(exposure.old, exposure.error_rate):
        wealth = [hits * one + (exposure.old - hits) * rest for one, rest in zip(old_hit, old_miss, strict=True)]
        least = _least_hits(wealth, hit, miss, exposure.new, log(1 / limits.test_alpha))
        share += probability * (1 - fmean(binomial_below(least - 1, exposure.new, one) for one in rates))
    return share


def _error_bets(rate: float, exposure: Exposure, limits: Limits) -> tuple[float, float, list[Bet]]:
    new, old, tolerance = exposure.new, exposure.old, limits.error_points
    if not exposure.control:
        limit = binomial_bound(round(exposure.error_rate * old), old, limits.record_alpha) + tolerance
        return limit, 0.0, bets(inf, limit, 0)
    centre = (new * (rate - tolerance) + old * exposure.error_rate) / (new + old)
    centre = min(max(centre, SMALLEST), 1 - tolerance - SMALLEST)
    return centre + tolerance, centre, bets(old / new, centre + tolerance, centre)


def _likely(total: int, rate: float) -> list[tuple[int, float]]:
    """Numbers of hits with their probabilities, without those that never come; of very many some stand for all."""
    around = 6 * sqrt(total * rate * (1 - rate)) + 6
    first, last = max(0, int(total * rate - around)), min(total, int(total * rate + around))
    numbers = range(first, last + 1, max(1, (last - first) // NUMBERS))
    probabilities = [binomial(hits, total, rate) for hits in numbers]
    return [(hits, one / sum(probabilities)) for hits, one in zip(numbers, probabilities, strict=True)]


def _least_hits(wealth: list[float], hit: list[float], miss: list[float], total: int, evidence: float) -> int:
    """How many answers of the new fleet must fail; one more than there are where no number is enough."""

    def enough(hits: int) -> bool:
        parts = zip(wealth, hit, miss, strict=True)
        return log_mean([before + hits * one + (total - hits) * other for before, one, other in parts]) >= evidence

    return bisect_left(range(total + 1), True, key=enough)


def _latency_caught(factor: float, exposure: Exposure, limits: Limits) -> float:
    """By the bet that catches most. The first block has nothing that its ranks could be taken from."""
    tolerated = limits.latency_factor if exposure.control else limits.record_latency_factor
    shift = log(factor / tolerated) / exposure.spread
    ranks = [NORMAL.cdf(point + shift) for point in POINTS]
    limit = centre = 0.5
    if exposure.control:
        alternatives = bets(exposure.old / exposure.new, limit, centre)
    else:
        limit += distribution_bound(exposure.old, limits.record_alpha / len(WEIGHTS))
        alternatives = bets(inf, limit, 0)
    needed = log(len(alternatives) / WEIGHTS[0] / limits.test_alpha)
    return max(
        _exceeds(
            needed,
            _mean_and_variance([log1p(on_new * (rank - limit)) for rank in ranks], exposure.new - BLOCK),
            _mean_and_variance([log1p(on_old * (centre - rank)) for rank in GRID], exposure.old),
        )
        for on_new, on_old in alternatives
    )


def _mean_and_variance(gains: list[float], answers: int) -> tuple[float, float]:
    """Mean and variance of the sum of so many gains."""
    mean = fmean(gains)
    return answers * mean, answers * fmean([(one - mean) ** 2 for one in gains])


def _exceeds(needed: float, *parts: tuple[float, float]) -> float:
    mean, variance = (sum(part) for part in zip(*parts, strict=True))
    return NORMAL.cdf((mean - needed) / sqrt(variance)) if variance else float(mean > needed)
