"""Which alarms fired, from the history and from the present state."""

import json
from datetime import UTC, datetime

from release.state.alarm_history import alarm_events, states

SINCE, FIRED = datetime(2026, 1, 5, 9, 0, tzinfo=UTC), datetime(2026, 1, 5, 9, 12, tzinfo=UTC)
DATA = {"recentDatapoints": [0.0, 0.25], "threshold": 0.01}


class FakeCloudWatch:
    def __init__(self, history=(), now=(), composite=()):
        self.history, self.now, self.composite, self.requests = history, now, composite, []

    def get_paginator(self, operation):
        assert operation == "describe_alarm_history"
        return self

    def paginate(self, **request):
        self.requests.append(request)
        yield {"AlarmHistoryItems": [item for item in self.history if item["AlarmName"] == request["AlarmName"]]}

    def describe_alarms(self, AlarmNames, **_):
        found = ([alarm for alarm in group if alarm["AlarmName"] in AlarmNames] for group in (self.now, self.composite))
        return dict(zip(("MetricAlarms", "CompositeAlarms"), found, strict=True))


def entry(name, state, data=DATA, at=FIRED, before="OK"):
    history = {
        "oldState": {"stateValue": before},
        "newState": {"stateValue": state, "stateReason": "why", "stateReasonData": data},
    }
    return {"AlarmName": name, "Timestamp": at, "HistoryData": json.dumps(history)}


def now(name, state, at=FIRED):
    return {"AlarmName": name, "StateValue": state, "StateReason": "now", "StateUpdatedTimestamp": at}


def test_the_history_has_the_values_also_of_alarms_that_are_ok_again():
    cloudwatch = FakeCloudWatch([entry("a", "ALARM"), entry("a", "OK"), entry("other", "ALARM")], [now("a", "OK")])
    (event,) = alarm_events(cloudwatch, ["a", "b"], SINCE)
    assert (event.alarm, event.reason, event.values, event.threshold) == ("a", "why", (0.0, 0.25), 0.01)
    assert {request["StartDate"] for request in cloudwatch.requests} == {SINCE}


def test_reason_data_may_be_text_within_text():
    (event,) = alarm_events(FakeCloudWatch([entry("a", "ALARM", json.dumps(DATA))]), ["a"], SINCE)
    assert event.values == (0.0, 0.25)


def test_the_present_state_is_used_where_the_history_lags():
    cloudwatch = FakeCloudWatch(now=[now("a", "ALARM"), now("b", "OK")])
    assert [(event.alarm, event.reason) for event in alarm_events(cloudwatch, ["a", "b"], SINCE)] == [("a", "now")]


def test_an_alarm_that_fired_before_the_deployment_does_not_count():
    cloudwatch = FakeCloudWatch(now=[now("a", "ALARM", datetime(2026, 1, 5, 8, 0, tzinfo=UTC))])
    assert alarm_events(cloudwatch, ["a"], SINCE) == ()


def test_an_alarm_on_missing_data_that_fires_when_it_is_created_does_not_count():
    new = [entry(name, "ALARM", before="INSUFFICIENT_DATA") for name in ("a", "unjudged")]
    cloudwatch = FakeCloudWatch(new, [now("unjudged", "ALARM")])
    assert [event.alarm for event in alarm_events(cloudwatch, ["a", "unjudged"], SINCE, "unjudged")] == ["a"]
    cloudwatch = FakeCloudWatch([*new, entry("unjudged", "OK"), entry("unjudged", "ALARM")])
    assert [event.alarm for event in alarm_events(cloudwatch, ["a", "unjudged"], SINCE, "unjudged")] == [
        "a",
        "unjudged",
    ]


def test_the_first_comes_first():
    late = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
    events = alarm_events(FakeCloudWatch([entry("a", "ALARM", at=late), entry("b", "ALARM")]), ["a", "b"], SINCE)
    assert [event.alarm for event in events] == ["b", "a"]


def test_composite_alarms_have_states_too_and_no_names_need_no_call():
    assert states(FakeCloudWatch(now=[now("a", "OK")], composite=[now("c", "ALARM")]), ["a", "c"]) == {
        "a": "OK",
        "c": "ALARM",
    }
    assert states(None, []) == {}
