"""Bets that no fleet within the tolerance can win on average, and that a worse one cannot lose for long."""

from itertools import product
from math import exp, inf, isfinite, log

import pytest

from release.judgement.betting import FRACTIONS, BettingTest, bets, gain, log_mean

VALUES = (0.0, 0.4, 1.0)
TOLERANCE = 0.003


def expectation(new, old, bet, limit, centre):
    """Over all outcomes of a block: ``new`` and ``old`` are the probabilities of the values, one dict an answer."""
    total = 0.0
    for outcome in product(VALUES, repeat=len(new) + len(old)):
        probability = 1.0
        for value, chances in zip(outcome, [*new, *old], strict=True):
            probability *= chances[value]
        first, rest = outcome[: len(new)], outcome[len(new) :]
        total += probability * exp(gain([(v, 1) for v in first], [(v, 1) for v in rest], bet, limit, centre))
    return total


def chances(mean, middle):
    """Of the values, with this mean."""
    return {0.0: 1 - middle - (mean - 0.4 * middle), 0.4: middle, 1.0: mean - 0.4 * middle}


@pytest.mark.parametrize("fraction", range(len(FRACTIONS)))
@pytest.mark.parametrize("centre", [0.001, 0.1, 0.6])
@pytest.mark.parametrize("mean", [0.05, 0.1, 0.45])
@pytest.mark.parametrize("size", [(1, 1), (2, 3), (3, 1)])
def test_within_the_tolerance_no_bet_wins_on_average(size, mean, centre, fraction):
    """Wherever the centre is: it makes a difference to the growth only."""
    new, old = size
    limit = centre + TOLERANCE
    bet = bets(old / new, limit, centre)[fraction]
    at_limit = [chances(mean + TOLERANCE, 0.1)] * new, [chances(mean, 0.02)] * old
    assert expectation(*at_limit, bet, limit, centre) <= 1 + 1e-12
    better = [chances(mean, 0.1)] * new, [chances(mean, 0.02)] * old
    assert expectation(*better, bet, limit, centre) < 1
    worse = [chances(mean + 0.4, 0.1)] * new, [chances(mean, 0.02)] * old
    near = abs(mean - centre) < 0.2 and fraction < 3
    assert not near or expectation(*worse, bet, limit, centre) > 1


def test_rates_that_move_in_both_fleets_do_no_harm():
    bet = bets(1.0, 0.1 + TOLERANCE, 0.1)[3]
    moved = [chances(0.5 + TOLERANCE, 0.1)] * 2, [chances(0.5, 0.1)] * 2
    assert expectation(*moved, bet, 0.1 + TOLERANCE, 0.1) <= 1 + 1e-12


@pytest.mark.parametrize("fraction", range(len(FRACTIONS)))
@pytest.mark.parametrize("limit", [0.004, 0.2, 0.7])
def test_at_a_bound_no_bet_wins_on_average(limit, fraction):
    bet = bets(inf, limit, 0)[fraction]
    at_limit = [{0.0: 1 - limit, 0.4: 0.0, 1.0: limit}] * 3
    assert expectation(at_limit, [], bet, limit, 0) == pytest.approx(1)


@pytest.mark.parametrize("ratio", [0.01, 1, 300])
@pytest.mark.parametrize("worst", [0.0, 1.0])
def test_no_block_ruins(ratio, worst):
    test = BettingTest(TOLERANCE, 0.005)
    for _ in range(50):
        test.compare([(worst, 10)], [(1 - worst, max(1, round(10 * ratio)))])
    assert all(map(isfinite, test.wealth))
    assert (test.evidence > log(60)) == bool(worst)


def test_before_any_answer_there_is_no_evidence():
    assert BettingTest(TOLERANCE, 0.005).evidence == pytest.approx(0)


def test_more_errors_are_evidence_and_as_many_are_none():
    worse, equal = BettingTest(TOLERANCE, 0.005), BettingTest(TOLERANCE, 0.005)
    for _ in range(20):
        worse.compare([(1.0, 1), (0.0, 9)], [(0.0, 10)])
        equal.compare([(1.0, 1), (0.0, 9)], [(1.0, 1), (0.0, 9)])
    assert worse.evidence > log(60)
    assert equal.evidence < 0


def test_a_fleet_that_answers_alone_is_counted_and_proves_nothing():
    test = BettingTest(TOLERANCE, 0.005)
    test.compare([(1.0, 10)], [])
    test.compare([], [(0.0, 10)])
    assert test.evidence == pytest.approx(0)
    assert (test.new_sum, test.new_count, test.old_sum, test.old_count) == (10, 10, 0, 10)


def test_with_a_bound_in_place_of_the_old_fleet():
    test = BettingTest(TOLERANCE, 0.005)
    for _ in range(20):
        test.compare_with_bound([(1.0, 1), (0.0, 9)], 0.01)
    assert test.evidence > log(60)


def test_a_bound_that_nothing_exceeds_proves_nothing():
    test = BettingTest(TOLERANCE, 0.005)
    test.compare_with_bound([(1.0, 1000)], 1.0)
    assert test.evidence <= 0


def test_the_mean_of_logarithms_by_weight():
    assert log_mean([log(2), log(4)]) == pytest.approx(log(3))
    assert log_mean([log(2), log(4)], [0.75, 0.25]) == pytest.approx(log(2.5))
    assert log_mean([-2000, 1000]) == pytest.approx(1000 - log(2))
