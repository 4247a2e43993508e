"""The share caught: more with more answers, and as much as simulated rollouts show."""

from itertools import pairwise, product
from math import sqrt

import pytest

from release.judgement.detection import Exposure, Fault, caught
from release.judgement.judgement import Judgement
from release.judgement.limits import Limits
from release.judgement.power import SMALLER, severe

LIMITS = Limits()
FAULTS = (*severe(LIMITS), *SMALLER)
SLOWER = next(fault for fault in FAULTS if fault.latency_factor == 1.5)


def shares(field, values, fault):
    start = {"new": 200, "old": 600, "error_rate": 0.002, "spread": 0.5}
    return [caught(fault, Exposure(**start | {field: value}), LIMITS) for value in values]


@pytest.mark.parametrize(
    ("fault", "control"), [pair for pair in product(FAULTS, (True, False)) if pair != (SLOWER, False)], ids=str
)
def test_more_answers_show_more(fault, control):
    found = [caught(fault, Exposure(new, 3 * new, control), LIMITS) for new in (0, 20, 100, 300, 1500, 6000)]
    assert found == sorted(found)
    assert found[0] == 0
    assert found[-1] > 0.6


def test_a_small_slowness_is_seen_beside_the_old_fleet_only():
    """Compared with what is on record, it may be the load."""
    assert caught(SLOWER, Exposure(1500, 1500, control=True), LIMITS) > 0.6
    assert caught(SLOWER, Exposure(6000, 18000, control=False), LIMITS) < 0.01


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_more_answers_of_the_old_fleet_show_more(fault):
    found = shares("old", (50, 200, 1000, 4000), fault)
    assert all(more > fewer - 0.01 for fewer, more in pairwise(found))


def test_a_larger_fault_is_seen_more():
    errors = [caught(Fault("", error_points=points), Exposure(300, 300), LIMITS) for points in (0.003, 0.01, 0.03, 0.1)]
    latency = [caught(Fault("", factor), Exposure(300, 300), LIMITS) for factor in (1.0, 1.2, 1.4, 1.8, 3.0)]
    assert errors == sorted(errors)
    assert latency == sorted(latency)
    assert errors[0] < 0.05 > latency[0]
    assert errors[-1] == 0.99 == latency[-1]


def test_it_is_hidden_by_other_errors_and_by_a_wide_spread():
    for field, values, fault in (("error_rate", (0.05, 0.02, 0.002), FAULTS[2]), ("spread", (2, 1, 0.3), FAULTS[3])):
        found = shares(field, values, fault)
        assert found == sorted(found)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "answers", "share"),
    [
        (Fault("", error_points=0.05), 300, 0.5),
        (Fault("", error_points=0.05), 1000, 0.1),
        (Fault("", error_points=0.02), 1500, 0.5),
        (Fault("", error_points=0.03), 1500, 0.25),
        (Fault("", latency_factor=1.5), 600, 0.5),
        (Fault("", latency_factor=1.4), 1500, 0.25),
        (Fault("", latency_factor=3), 60, 0.5),
    ],
)
def test_simulated_rollouts_agree(stream, fault, answers, share, rollouts=100):
    """It promises no more than they show; without differences between fleets they may show more."""
    failed = 0
    for seed in range(rollouts):
        judgement = Judgement()
        judgement.add(stream(answers, share=share, points=fault.error_points, factor=fault.latency_factor, seed=seed))
        failed += judgement.failure is not None
    new = round(answers * share)
    promised = caught(fault, Exposure(new, answers - new), LIMITS)
    chance = 3 * sqrt(promised * (1 - promised) / rollouts)
    assert promised - chance <= failed / rollouts <= promised + 0.2 + chance


@pytest.mark.parametrize("answers", [100, 300, 743])
def test_a_difference_that_leaves_nothing_to_chance_is_seen(answers):
    """Latencies that are all alike: every one of the new fleet is above every one of the old."""
    limits = Limits(latency_factor=10)
    exposure = Exposure(answers, 114, control=False, spread=0.02)
    assert caught(Fault("all", latency_factor=1000), exposure, limits) == 0.99
    assert caught(Fault("none", latency_factor=1.0), exposure, limits) == 0
