"""How a deployment ended, from the observation alone."""

from dataclasses import replace

import pytest

from release.state.alarm_history import AlarmEvent
from release.state.deployment import Deployment
from release.state.judgement_record import JudgementRecord
from release.verdict.verdict import Observation, judge

NEW, OLD = "churn-prod-new", "churn-prod-old"
DEPLOYMENT = Deployment("arn:package/2", NEW, "m", OLD, "t", "2026-01-05T09:00:00+00:00", True, ("a", "b"))
GOOD = JudgementRecord(
    "passed so far",
    "100 answers show no difference",
    "2026-01-05T09:20:00+00:00",
    "arn:role",
    "200 sent",
    fleets={"new": {"answers": 100}},
    assessment={"judgement": {}},
)
BAD = replace(GOOD, outcome="fail", sentence="3.0 times as slow at the median")
EVENT = AlarmEvent("a", "2026-01-05T09:10:00+00:00", "Threshold Crossed", (0.25,), 0.01)
SHIPPED = Observation("InService", NEW, "", (), {"a": "OK", "b": "OK"}, True, GOOD)


def outcome(deployment=DEPLOYMENT, **changes):
    verdict = judge(deployment, replace(SHIPPED, **changes))
    return verdict.outcome, verdict.reason, verdict.exit_code


def test_shipped_is_the_new_config_in_service_and_no_worse():
    assert outcome() == ("shipped", "arn:package/2 is live: 100 answers show no difference", 0)


@pytest.mark.parametrize("events", [(), (EVENT,)])
@pytest.mark.parametrize("judgement", [GOOD, BAD, None])
def test_in_service_on_the_old_config_is_never_shipped(events, judgement):
    found, reason, code = outcome(config=OLD, alarm_events=events, judgement=judgement)
    assert (found, code) == ("rolled back", 3)
    assert f"{OLD} is live, not {NEW}" in reason


def test_a_rollback_names_the_alarm_and_the_values():
    assert "alarm a fired: 0.25 against 0.01" in outcome(config=OLD, alarm_events=(EVENT,))[1]
    later = AlarmEvent("b", "2026-01-05T09:11:00+00:00", "Threshold Crossed", (0.5,), 0.01)
    assert "alarm a fired: " in outcome(config=OLD, alarm_events=(EVENT, later))[1]  # the first one is the cause


def test_a_rollback_by_the_judgement_names_the_difference_and_not_the_alarm():
    by_judgement = replace(EVENT, alarm=f"{NEW}-judgement")
    for events in ((), (by_judgement,), (by_judgement, EVENT)):
        assert outcome(config=OLD, alarm_events=events, judgement=BAD) == (
            "rolled back",
            f"3.0 times as slow at the median; {OLD} is live, not {NEW}",
            3,
        )
    both = outcome(config=OLD, alarm_events=(EVENT, by_judgement), judgement=BAD)[1]
    assert both.startswith("alarm a fired: 0.25 against 0.01; 3.0 times as slow")


def test_a_rollback_because_nobody_judged_says_so():
    events = (replace(EVENT, alarm=f"{NEW}-unjudged"),)
    assert outcome(config=OLD, alarm_events=events)[1].startswith("no run judged it any more, so that the alarm ")


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
    found, reason, _ = outcome(judgement=BAD)
    assert found == "failed"
    assert "it is live, but 3.0 times as slow at the median; --rollback brings" in reason


def test_too_few_samples_are_inconclusive_but_not_for_what_was_good_before():
    few = replace(GOOD, outcome="undecided", sentence="3 requests")
    for judgement in (few, None):
        assert outcome(judgement=judgement)[::2] == ("inconclusive", 4)
        assert outcome(replace(DEPLOYMENT, known_good=True), judgement=judgement)[0] == "shipped"
    assert outcome(replace(DEPLOYMENT, known_good=True), judgement=BAD)[0] == "failed"


def test_where_no_fleets_are_compared_live_is_shipped():
    assert outcome(judged=False, judgement=None)[:2] == ("shipped", "arn:package/2 is live")


def test_a_first_deployment_says_that_nothing_was_shifted():
    found, reason, _ = outcome(replace(DEPLOYMENT, shifts=False, before=""), judged=False, judgement=None)
    assert (found, "nothing was shifted" in reason) == ("shipped", True)


def test_the_record_has_the_whole_observation():
    record = judge(DEPLOYMENT, replace(SHIPPED, alarm_events=(EVENT,))).record()
    assert record["observed"]["alarm_events"][0]["values"] == (0.25,)
    assert record["observed"]["judgement"]["fleets"]["new"]["answers"] == 100
    assert "assessment" not in record["observed"]["judgement"]
