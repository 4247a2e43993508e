"""How a deployment ended, by what was observed alone."""

from dataclasses import replace

import pytest

from release.state.deployment import Deployment
from release.verdict.alarm_history import Ring
from release.verdict.comparison import Comparison
from release.verdict.verdict import Observed, judge
from release.watch.fleet_metrics import Numbers

NEW, OLD = "churn-prod-new", "churn-prod-old"
DEPLOYMENT = Deployment("arn:package/2", NEW, "m", OLD, "t", "2026-01-05T09:00:00+00:00", True, ("a", "b"))
GOOD = Comparison("pass", "new 100 requests; old 900", Numbers(100), Numbers(900))
RING = Ring("a", "2026-01-05T09:10:00+00:00", "Threshold Crossed", (0.25,), 0.01)
SHIPPED = Observed("InService", NEW, "", (), {"a": "OK", "b": "OK"}, GOOD)


def outcome(deployment=DEPLOYMENT, **changes):
    verdict = judge(deployment, replace(SHIPPED, **changes))
    return verdict.outcome, verdict.reason, verdict.exit_code


def test_shipped_is_the_new_config_in_service_and_no_worse():
    assert outcome() == ("shipped", "arn:package/2 is live: new 100 requests; old 900", 0)


@pytest.mark.parametrize("rings", [(), (RING,)])
@pytest.mark.parametrize("comparison", [GOOD, None])
def test_in_service_on_the_old_config_is_never_shipped(rings, comparison):
    found, reason, code = outcome(config=OLD, rings=rings, comparison=comparison)
    assert (found, code) == ("rolled back", 3)
    assert f"{OLD} is live, not {NEW}" in reason


def test_a_rollback_names_the_alarm_and_the_values():
    assert "alarm a rang: 0.25 against 0.01" in outcome(config=OLD, rings=(RING,))[1]
    later = Ring("b", "2026-01-05T09:11:00+00:00", "Threshold Crossed", (0.5,), 0.01)
    assert "alarm a rang: " in outcome(config=OLD, rings=(RING, later))[1]  # the first one is the cause


def test_a_rollback_without_values_has_the_words_of_cloudwatch():
    ring = replace(RING, values=(), threshold=None)
    assert "alarm a rang: Threshold Crossed" in outcome(config=OLD, rings=(ring,))[1]


def test_a_rollback_without_an_alarm_has_the_reason_of_sagemaker():
    assert "no capacity" in outcome(config=OLD, failure="no  capacity")[1]
    assert "SageMaker gives no reason" in outcome(config=OLD)[1]


@pytest.mark.parametrize("status", ["Failed", "UpdateRollbackFailed", "OutOfService"])
@pytest.mark.parametrize("config", [OLD, NEW])
def test_any_other_status_is_a_failure_that_is_quoted(status, config):
    found, reason, code = outcome(status=status, config=config, failure="the disk is full")
    assert (found, code) == ("failed", 5)
    assert f"is {status} (the disk is full)" in reason


def test_an_endpoint_that_is_gone_is_a_failure():
    assert outcome(status="", config="")[0] == "failed"


def test_a_third_config_is_somebody_elses():
    assert "somebody else changed" in outcome(config="churn-prod-third")[1]


def test_live_but_ringing_is_a_failure():
    found, reason, _ = outcome(rings=(RING,), states={"a": "ALARM"})
    assert found == "failed"
    assert reason.startswith("it is live, but alarm a rang")
    assert outcome(rings=(RING,), states={"a": "OK"})[0] == "shipped"  # it recovered


def test_live_but_worse_is_a_failure_with_the_way_back():
    found, reason, _ = outcome(comparison=replace(GOOD, outcome="fail", sentence="5xx: 9 of 100"))
    assert found == "failed"
    assert "5xx: 9 of 100; --rollback brings" in reason


def test_too_few_samples_are_inconclusive_but_not_for_what_was_good_before():
    few = replace(GOOD, outcome="inconclusive", sentence="3 requests")
    assert outcome(comparison=few)[::2] == ("inconclusive", 4)
    assert outcome(replace(DEPLOYMENT, known_good=True), comparison=few)[0] == "shipped"


def test_a_first_deployment_says_that_nothing_was_shifted():
    found, reason, _ = outcome(replace(DEPLOYMENT, shifts=False, before=""), comparison=None)
    assert (found, "nothing was shifted" in reason) == ("shipped", True)


def test_the_record_has_all_that_was_seen():
    record = judge(DEPLOYMENT, replace(SHIPPED, rings=(RING,))).record()
    assert record["observed"]["rings"][0]["values"] == (0.25,)
    assert record["observed"]["comparison"]["green"]["requests"] == 100
