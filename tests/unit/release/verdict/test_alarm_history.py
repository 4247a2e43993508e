"""Which alarms rang, from the history and from the state of now."""

import json
from datetime import UTC, datetime

from release.verdict.alarm_history import rings, states

SINCE, RANG = datetime(2026, 1, 5, 9, 0, tzinfo=UTC), datetime(2026, 1, 5, 9, 12, tzinfo=UTC)
DATA = {"recentDatapoints": [0.0, 0.25], "threshold": 0.01}


class FakeCloudWatch:
    def __init__(self, history=(), now=(), composite=()):
        self.history, self.now, self.composite, self.asked = history, now, composite, []

    def get_paginator(self, operation):
        assert operation == "describe_alarm_history"
        return self

    def paginate(self, **request):
        self.asked.append(request)
        yield {"AlarmHistoryItems": [item for item in self.history if item["AlarmName"] == request["AlarmName"]]}

    def describe_alarms(self, AlarmNames, **_):
        found = ([each for each in kind if each["AlarmName"] in AlarmNames] for kind in (self.now, self.composite))
        return dict(zip(("MetricAlarms", "CompositeAlarms"), found, strict=True))


def entry(name, state, data=DATA, at=RANG):
    told = {
        "oldState": {"stateValue": "OK"},
        "newState": {"stateValue": state, "stateReason": "why", "stateReasonData": data},
    }
    return {"AlarmName": name, "Timestamp": at, "HistoryData": json.dumps(told)}


def now(name, state, at=RANG):
    return {"AlarmName": name, "StateValue": state, "StateReason": "now", "StateUpdatedTimestamp": at}


def test_the_history_has_the_values_also_of_what_is_ok_again():
    cloudwatch = FakeCloudWatch([entry("a", "ALARM"), entry("a", "OK"), entry("other", "ALARM")], [now("a", "OK")])
    (ring,) = rings(cloudwatch, ["a", "b"], SINCE)
    assert (ring.alarm, ring.reason, ring.values, ring.threshold) == ("a", "why", (0.0, 0.25), 0.01)
    assert {request["StartDate"] for request in cloudwatch.asked} == {SINCE}


def test_reason_data_may_be_text_within_text():
    (ring,) = rings(FakeCloudWatch([entry("a", "ALARM", json.dumps(DATA))]), ["a"], SINCE)
    assert ring.values == (0.0, 0.25)


def test_the_state_of_now_is_asked_where_the_history_comes_late():
    cloudwatch = FakeCloudWatch(now=[now("a", "ALARM"), now("b", "OK")])
    assert [(ring.alarm, ring.reason) for ring in rings(cloudwatch, ["a", "b"], SINCE)] == [("a", "now")]


def test_what_rang_before_the_deployment_did_not_end_it():
    cloudwatch = FakeCloudWatch(now=[now("a", "ALARM", datetime(2026, 1, 5, 8, 0, tzinfo=UTC))])
    assert rings(cloudwatch, ["a"], SINCE) == ()


def test_the_first_comes_first():
    late = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
    found = rings(FakeCloudWatch([entry("a", "ALARM", at=late), entry("b", "ALARM")]), ["a", "b"], SINCE)
    assert [ring.alarm for ring in found] == ["b", "a"]


def test_composite_alarms_have_states_too_and_no_names_ask_nothing():
    assert states(FakeCloudWatch(now=[now("a", "OK")], composite=[now("c", "ALARM")]), ["a", "c"]) == {
        "a": "OK",
        "c": "ALARM",
    }
    assert states(None, []) == {}
