"""Bounds by the definitions that they are shortcuts of."""

from math import comb, exp

import pytest

from release.judgement.bounds import binomial, binomial_below, binomial_bound, distribution_bound


@pytest.mark.parametrize("rate", [0.0, 0.002, 0.3, 0.97, 1.0])
@pytest.mark.parametrize("hits", [0, 3, 20, 39, 40])
def test_probabilities_add_up(hits, rate):
    terms = [comb(40, count) * rate**count * (1 - rate) ** (40 - count) for count in range(41)]
    assert binomial(hits, 40, rate) == pytest.approx(terms[hits])
    assert binomial_below(hits, 40, rate) == pytest.approx(sum(terms[: hits + 1]))


def test_no_fewer_than_none():
    assert binomial_below(-1, 40, 0.1) == 0


@pytest.mark.parametrize(("hits", "total"), [(0, 10), (0, 3000), (3, 300), (250, 1000)])
def test_at_the_bound_so_few_hits_are_as_rare_as_alpha(hits, total):
    bound = binomial_bound(hits, total, 0.01)
    assert bound > hits / total
    assert binomial_below(hits, total, bound) == pytest.approx(0.01)


def test_nothing_is_excluded_when_all_are_hits_or_there_is_nothing():
    assert binomial_bound(10, 10, 0.01) == 1
    assert binomial_bound(0, 0, 0.01) == 1


def test_a_distribution_is_known_better_with_more_answers():
    bound = distribution_bound(500, 0.01)
    assert exp(-2 * 500 * bound**2) == pytest.approx(0.01)
    assert distribution_bound(2000, 0.01) == pytest.approx(bound / 2)
