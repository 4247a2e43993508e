"""Upper bounds of what is on record of an old fleet that no longer answers."""

from __future__ import annotations

from collections.abc import Iterable
from math import exp, lgamma, log, log1p, sqrt

STEPS = 50
NEGLIGIBLE = 1e-10


def binomial_bound(hits: int, total: int, alpha: float) -> float:
    """Clopper and Pearson's: a larger rate shows so few hits with a probability below ``alpha``."""
    if hits >= total:
        return 1.0
    low, high = hits / total, 1.0
    for _ in range(STEPS):
        rate = (low + high) / 2
        low, high = (rate, high) if binomial_below(hits, total, rate) > alpha else (low, rate)
    return high


def distribution_bound(total: int, alpha: float) -> float:
    """How much more than on record may be above any latency: Dvoretzky, Kiefer, Wolfowitz and Massart's inequality."""
    return sqrt(log(1 / alpha) / (2 * total))


def binomial_below(hits: int, total: int, rate: float) -> float:
    """The probability of at most so many hits: the tail that is the smaller one is added up, from its largest term."""
    if hits < 0 or hits >= total or rate <= 0 or rate >= 1:
        return float(hits >= (0 if rate <= 0 else total))
    odds = rate / (1 - rate)
    if hits <= total * rate:
        return _tail(binomial(hits, total, rate), (count / (total - count + 1) / odds for count in range(hits, 0, -1)))
    above = range(hits + 1, total)
    return 1 - _tail(binomial(hits + 1, total, rate), ((total - count) / (count + 1) * odds for count in above))


def _tail(term: float, ratios: Iterable[float]) -> float:
    """The sum of a term and of those that follow from it, each by its ratio to the one before."""
    total = term
    for ratio in ratios:
        term *= ratio
        total += term
        if term <= NEGLIGIBLE * total:
            break
    return total


def binomial(hits: int, total: int, rate: float) -> float:
    if rate <= 0 or rate >= 1:
        return float(hits == (0 if rate <= 0 else total))
    ways = lgamma(total + 1) - lgamma(hits + 1) - lgamma(total - hits + 1)
    return exp(ways + hits * log(rate) + (total - hits) * log1p(-rate))
