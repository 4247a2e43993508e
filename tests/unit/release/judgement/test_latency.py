"""Whole distributions: a shift, a tail, and what the factor allows."""

from math import log

import pytest

from release.judgement.bounds import binomial_bound
from release.judgement.latency import LatencyTest

NEEDED = log(75)
LATENCIES = [20 * 1.02 ** ((37 * step) % 100) for step in range(1000)]  # 20 to 142 ms, evenly mixed


def compared(change, old=LATENCIES, factor=1.2, size=20):
    test = LatencyTest(factor, factor)
    for at in range(0, len(old), size):
        test.compare([change(at + step, one) for step, one in enumerate(old[at : at + size])], old[at : at + size])
    return test


@pytest.mark.parametrize("factor", [0.3, 1.0, 1.15])
def test_within_the_factor_there_is_no_evidence(factor):
    assert compared(lambda _, latency: factor * latency).evidence < 0


def test_twice_as_slow_everywhere():
    test = compared(lambda _, latency: 2 * latency)
    assert test.evidence > NEEDED
    assert test.ratio(0.5) == pytest.approx(2, rel=0.03)


def test_a_tail_alone_is_evidence():
    """A twentieth takes 20 times as long; the median does not move."""
    test = compared(lambda at, latency: latency * (20 if at % 20 == 0 else 1))
    assert test.evidence > NEEDED
    assert test.ratio(0.5) == pytest.approx(1, rel=0.1)
    assert test.ratio(0.99) > 5


def test_a_rare_tail_is_seen_above_the_p99():
    """Three of a hundred are too few for the ranks and the p90."""
    old = LATENCIES * 3
    assert compared(lambda at, latency: latency * (20 if at % 33 == 0 else 1), old).evidence > NEEDED


def test_wider_is_slower_at_some_quantile():
    assert compared(lambda _, latency: 53 * (latency / 53) ** 3).evidence > NEEDED


def test_the_factor_is_what_is_allowed():
    assert compared(lambda _, latency: 1.15 * latency, factor=1.0).evidence > 0


@pytest.mark.parametrize(
    ("record_factor", "factor", "evident"),
    [(1.2, 1.0, False), (1.2, 1.2, False), (1.2, 1.6, True), (1.9, 1.6, False), (1.9, 3.0, True)],
)
def test_an_old_fleet_on_record(record_factor, factor, evident):
    """What is on record was measured under another load, so it has a factor of its own."""
    test = LatencyTest(1.2, record_factor)
    test.compare([], LATENCIES)
    test.end_old(0.003)
    for at in range(0, 400, 20):
        test.compare_with_bounds([factor * one for one in LATENCIES[at : at + 20]])
    assert (test.evidence > NEEDED) == evident
    assert test.ratio(0.5) == pytest.approx(factor, rel=0.2)


@pytest.mark.parametrize(("recorded", "evident"), [(100, False), (1000, True)])
def test_a_short_record_is_not_taken_for_exact(recorded, evident):
    test = LatencyTest(1.2, 1.2)
    test.compare([], LATENCIES[:recorded])
    test.end_old(0.003)
    test.compare_with_bounds([1.4 * one for one in LATENCIES])
    assert (test.evidence > NEEDED) == evident


def test_the_bounds_of_the_tails_count_every_answer_above_them():
    """1 - 0.9 is a little less than a tenth."""
    test = LatencyTest(1.0, 1.0)
    test.compare([], [float(step) for step in range(1, 1001)])
    test.end_old(0.003)
    assert test.state()["bounds"][1:] == [binomial_bound(100, 1000, 0.001), binomial_bound(10, 1000, 0.001)]


def test_a_tail_against_a_record():
    test = LatencyTest(1.2, 1.2)
    test.compare([], LATENCIES * 3)
    test.end_old(0.003)
    test.compare_with_bounds([latency * (20 if at % 5 == 0 else 1) for at, latency in enumerate(LATENCIES)])
    assert test.evidence > NEEDED


def test_without_any_record_nothing_is_slower():
    test = LatencyTest(1.2, 1.2)
    test.end_old(0.003)
    test.compare_with_bounds([5000.0] * 100)
    assert test.evidence == pytest.approx(0)
