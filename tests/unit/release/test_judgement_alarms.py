"""The alarms of the judgement: valid requests, and when they fire by the rules of CloudWatch."""

import pytest

from localcloud.testing import request_problems
from release import judgement_alarms

CONFIG = "churn-prod-0123456789"


@pytest.fixture
def calls(settings_of):
    def build(overlay="", all_at_once=False):
        return judgement_alarms.calls(settings_of(overlay), CONFIG, all_at_once)

    return build


def test_aws_accepts_them(calls):
    for call, operation in zip(calls(), ("PutMetricData", "PutMetricAlarm", "PutMetricAlarm"), strict=True):
        assert request_problems(call.service, operation, call.request) == []


def test_the_first_fires_at_the_first_failure_and_not_without_data(calls):
    publish, failed, _ = calls()
    assert failed.request["AlarmName"] == f"{CONFIG}-judgement"
    assert (failed.request["Statistic"], failed.request["Period"]) == ("Maximum", 10)
    assert (failed.request["EvaluationPeriods"], failed.request["DatapointsToAlarm"]) == (1, 1)
    assert (failed.request["Threshold"], failed.request["TreatMissingData"]) == (0, "notBreaching")
    [datum] = publish.request["MetricData"]
    assert (datum["Value"], datum["StorageResolution"]) == (0, 1)
    assert datum["Dimensions"] == failed.request["Dimensions"]
    assert publish.request["Namespace"] == failed.request["Namespace"] == "Releases/churn-prod"


def test_the_second_fires_when_no_run_publishes_any_more(calls):
    unjudged = calls("[judgement]\nunjudged_minutes = 15\n")[2].request
    assert unjudged["AlarmName"] == f"{CONFIG}-unjudged"
    assert unjudged["TreatMissingData"] == "breaching"
    assert unjudged["Period"] * unjudged["EvaluationPeriods"] == 15 * 60
    assert unjudged["DatapointsToAlarm"] == unjudged["EvaluationPeriods"]


def test_an_emergency_waits_for_no_data(calls):
    assert [call.request.get("AlarmName") for call in calls(all_at_once=True)] == [None, f"{CONFIG}-judgement"]
