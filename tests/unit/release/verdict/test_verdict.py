"""How a deployment ended, from the observation alone."""

from dataclasses import replace

import pytest

from release.state.alarm_history import AlarmEvent
from release.state.deployment import Deployment
from release.verdict.comparison import Comparison
from release.verdict.verdict import Observation, judge
from release.watch.fleet_metrics import FleetMetrics

NEW, OLD = "churn-prod-new", "churn-prod-old"
DEPLOYMENT = Deployment("arn:package/2", NEW, "m", OLD, "t", "2026-01-05T09:00:00+00:00", True, ("a", "b"))
GOOD = Comparison("pass", "new 100 requests; old 900", FleetMetrics(100), FleetMetrics(900))
EVENT = AlarmEvent("a", "2026-01-05T09:10:00+00:00", "Threshold Crossed", (0.25,), 0.01)
SHIPPED = Observation("InService", NEW, "", (), {"a": "OK", "b": "OK"}, GOOD)


def outcome(deployment=DEPLOYMENT, **changes):
    verdict = judge(deployment, replace(SHIPPED, **changes))
    return verdict.outcome, verdict.reason, verdict.exit_code


def test_shipped_is_the_new_config_in_service_and_no_worse():
    assert outcome() == ("shipped", "arn:package/2 is live: new 100 requests; old 900", 0)


@pytest.mark.parametrize("events", [(), (EVENT,)])
@pytest.mark.parametrize("comparison", [GOOD, None])
def test_in_service_on_the_old_config_is_never_shipped(events, comparison):
    found, reason, code = outcome(config=OLD, alarm_events=events, comparison=comparison)
    assert (found, code) == ("rolled back", 3)
    assert f"{OLD} is live, not {NEW}" in reason


def test_a_rollback_names_the_alarm_and_the_values():
    assert "alarm a fired: 0.25 against 0.01" in outcome(config=OLD, alarm_events=(EVENT,))[1]
    later = AlarmEvent("b", "2026-01-05T09:11:00+00:00", "Threshold Crossed", (0.5,), 0.01)
    assert "alarm a fired: " in outcome(config=OLD, alarm_events=(EVENT, later))[1]  # the first one is the cause


def test_a_rollback_without_values_has_the_reason_of_cloudwatch():
    event = replace(EVENT, values=(), threshold=None)
    assert "alarm a fired: Threshold Crossed" in outcome(config=OLD, alarm_events=(event,))[1]


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


def test_a_third_config_is_of_somebody_else():
    assert "somebody else changed" in outcome(config="churn-prod-third")[1]


def test_live_but_in_alarm_is_a_failure():
    found, reason, _ = outcome(alarm_events=(EVENT,), states={"a": "ALARM"})
    assert found == "failed"
    assert reason.startswith("it is live, but alarm a fired")
    assert outcome(alarm_events=(EVENT,), states={"a": "OK"})[0] == "shipped"  # it recovered


def test_live_but_worse_is_a_failure_that_names_the_rollback():
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


def test_the_record_has_the_whole_observation():
    record = judge(DEPLOYMENT, replace(SHIPPED, alarm_events=(EVENT,))).record()
    assert record["observed"]["alarm_events"][0]["values"] == (0.25,)
    assert record["observed"]["comparison"]["green"]["requests"] == 100
