"""What the plan says of a bake, and when it warns."""

from time import process_time

import pytest

from release.judgement.detection import Exposure
from release.judgement.power import FAULTS, Power, power


def test_the_plan_says_what_a_bake_sees():
    found = power(requests_per_second=5, bake_seconds=600, share=0.5)
    assert (found.exposure.new, found.exposure.old) == (1500, 1500)
    assert str(found).startswith("3× latency and +5 points of errors with 99 %, ")
    assert "+1 point of errors with" in str(found)
    assert found.warning == ""


def test_it_warns_when_a_severe_fault_may_stay_unseen():
    found = power(requests_per_second=1, bake_seconds=60, share=0.1)
    assert found.warning == (
        "this bake sees too little: the new fleet gives 6 answers, which show 3× latency with 0 % and +5 points of "
        "errors with 0 %; raise rollout.wait_seconds, rollout.bake_requests_per_second or the share of the canary"
    )


def test_it_warns_of_what_is_unseen_only():
    names = {fault.name: 0.99 for fault in FAULTS} | {"+5 points of errors": 0.94}
    assert "which show +5 points of errors with 94 %;" in Power(Exposure(90, 90), names).warning


@pytest.mark.parametrize(("rate", "share"), [(0, 0.5), (5, 0.0), (5, 1.0)])
def test_without_one_of_the_fleets_nothing_is_seen(rate, share):
    assert set(power(rate, 600, share).shares.values()) == {0.0}


@pytest.mark.slow
def test_a_busy_endpoint_takes_no_longer():
    started = process_time()
    power(requests_per_second=1000, bake_seconds=3600, share=0.1, error_rate=0.02)
    assert process_time() - started < 1
