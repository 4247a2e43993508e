"""What the plan says of a bake, and when it warns."""

from time import process_time

import pytest

from release.judgement.detection import Exposure
from release.judgement.limits import Limits
from release.judgement.power import SMALLER, Power, power, severe

LIMITS = Limits()


def beside(requests_per_second, seconds, share, **more):
    requests = requests_per_second * seconds
    return Exposure(round(requests * share), requests - round(requests * share), **more)


def test_the_plan_says_what_a_bake_sees():
    found = power([beside(5, 600, 0.5)], LIMITS)
    assert found.answers == 1500
    assert str(found).startswith("3× latency and +5 points of errors with 99 %, ")
    assert "+1 point of errors with" in str(found)
    assert found.warning == ""


def test_it_warns_when_a_severe_fault_may_stay_unseen():
    found = power([beside(1, 60, 0.1)], LIMITS)
    assert found.warning == (
        "this bake sees too little: the new fleet gives 6 answers in time, which show 3× latency with 0 % and "
        "+5 points of errors with 0 %; raise rollout.wait_seconds, rollout.bake_requests_per_second or the share of "
        "the canary"
    )


def test_it_warns_of_what_is_unseen_only():
    shares = {fault.name: 0.99 for fault in (*severe(LIMITS), *SMALLER)} | {"+5 points of errors": 0.94}
    assert "which show +5 points of errors with 94 %;" in Power(90, shares, severe(LIMITS)).warning


def test_what_has_to_show_is_a_limit():
    other = power([beside(5, 600, 0.5)], Limits(severe_factor=20, severe_points=0.6))
    assert str(other).startswith("20× latency and +60 points of errors with 99 %, ")


def test_the_final_bake_shows_more_than_the_first_one_alone():
    first, final = Exposure(300, 2700), Exposure(2100, 2700, control=False)
    alone, both = power([first], LIMITS), power([first, final], LIMITS)
    assert alone.shares["+1 point of errors"] < both.shares["+1 point of errors"]
    assert both.answers == 2400


@pytest.mark.parametrize(("rate", "share"), [(0, 0.5), (5, 0.0), (5, 1.0)])
def test_without_one_of_the_fleets_nothing_is_seen(rate, share):
    assert set(power([beside(rate, 600, share)], LIMITS).shares.values()) == {0.0}


@pytest.mark.slow
def test_a_busy_endpoint_takes_no_longer():
    started = process_time()
    power([beside(1000, 3600, 0.1, error_rate=0.02)], LIMITS)
    assert process_time() - started < 1
