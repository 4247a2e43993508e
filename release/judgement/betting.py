"""A sequential test of two means: is the new fleet's larger than the old one's by more than a tolerance?

Every block of answers is a bet against "no larger", at stakes that were fixed before the block. If a block has ``n``
answers of the new fleet and ``o`` of the old one, values y in [0, 1], a centre ``m`` and a stake ``k``, the wealth is
multiplied by

    product over new of (1 + k/n * (y - m - tolerance))  *  product over old of (1 - k/o * (y - m))

As 1 + x <= exp(x), the expectation is at most exp(k * (mean of new - mean of old - tolerance)), so at most 1 while the
new fleet is within the tolerance. By Ville's inequality the wealth then ever reaches 1/alpha with a probability of at
most alpha, however often one looks. Rates that drift in both fleets together do no harm.

Several stakes are played at once, and their mean counts: a small difference needs a small stake, a large one a large.
Literature: arXiv 2106.02693 (two Bernoulli streams in blocks), arXiv 2010.09686 (means by betting).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import exp, inf, log, log1p

FRACTIONS = (0.03, 0.06, 0.125, 0.25, 0.5, 0.9)  # of the largest stake that cannot ruin
LARGEST = 5.0  # stake on an answer of the new fleet: more would be too much for small differences
PRIOR = 20  # answers that the expected mean counts for
SMALLEST = 1e-4

Outcomes = Sequence[tuple[float, int]]  # values in [0, 1], and how many answers have each
Bet = tuple[float, float]  # stakes on an answer of the new fleet and of the old one


@dataclass
class BettingTest:
    tolerance: float
    expected: float  # of the old fleet, until it has answered
    wealth: list[float] = field(default_factory=lambda: [0.0] * len(FRACTIONS))  # logarithms, one for each stake
    new_sum: float = 0.0
    new_count: int = 0
    old_sum: float = 0.0
    old_count: int = 0

    @property
    def evidence(self) -> float:
        """The logarithm of the mean wealth."""
        return log_mean(self.wealth)

    def compare(self, new: Outcomes, old: Outcomes) -> None:
        """One block of answers from the same time."""
        new_count, old_count = count(new), count(old)
        if new_count and old_count:
            centre = self._centre()
            limit = centre + self.tolerance
            self._multiply(gain(new, old, bet, limit, centre) for bet in bets(old_count / new_count, limit, centre))
        self._observe_new(new)
        self.observe_old(old)

    def compare_with_bound(self, new: Outcomes, bound: float) -> None:
        """``bound``: of the old fleet's mean, which has ended."""
        limit = bound + self.tolerance
        self._multiply(gain(new, [], bet, limit, 0) for bet in bets(inf, limit, 0))
        self._observe_new(new)

    def observe_old(self, old: Outcomes) -> None:
        self.old_sum += sum(value * number for value, number in old)
        self.old_count += count(old)

    def _observe_new(self, new: Outcomes) -> None:
        self.new_sum += sum(value * number for value, number in new)
        self.new_count += count(new)

    def _multiply(self, gains: Iterable[float]) -> None:
        self.wealth = [wealth + one for wealth, one in zip(self.wealth, gains, strict=True)]

    def _centre(self) -> float:
        """Of the old fleet, by all that both have answered: the closer, the faster the wealth grows."""
        total = self.new_sum - self.tolerance * self.new_count + self.old_sum + PRIOR * self.expected
        mean = total / (self.new_count + self.old_count + PRIOR)
        return min(max(mean, SMALLEST), 1 - self.tolerance - SMALLEST)


def bets(ratio: float, limit: float, centre: float) -> list[Bet]:
    """``ratio``: answers of the old fleet for each of the new one, infinite when a bound stands for the old fleet."""
    largest = min(LARGEST, 1 / limit, ratio / (1 - centre))
    return [(fraction * largest, fraction * largest / ratio) for fraction in FRACTIONS]


def gain(new: Outcomes, old: Outcomes, bet: Bet, limit: float, centre: float) -> float:
    """The logarithm of what the answers multiply the wealth by."""
    on_new, on_old = bet
    total = 0.0
    for value, number in new:
        total += number * log1p(on_new * (value - limit))
    for value, number in old:
        total += number * log1p(on_old * (centre - value))
    return total


def log_mean(logarithms: Sequence[float], weights: Sequence[float] | None = None) -> float:
    largest = max(logarithms)
    shares = weights or [1 / len(logarithms)] * len(logarithms)
    return largest + log(sum(share * exp(one - largest) for share, one in zip(shares, logarithms, strict=True)))


def count(outcomes: Outcomes) -> int:
    return sum(number for _, number in outcomes)
