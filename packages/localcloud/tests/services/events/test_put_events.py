"""PutEvents: the envelope, errors of single entries, limits, and which rules fire."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

EVENT = {"Source": "shop", "DetailType": "order", "Detail": "{}"}


def test_the_envelope_is_aws_s(cloud: Any, rule: Callable[..., str], queue: Any, put: Any, bodies: Any) -> None:
    rule("r", queue("q"))
    response = put(Time=datetime(2026, 1, 31, 12, tzinfo=UTC), Resources=["arn:x"])
    assert bodies("q") == [
        {
            "version": "0",
            "id": response["Entries"][0]["EventId"],
            "detail-type": "order",
            "source": "shop",
            "account": cloud.account,
            "time": "2026-01-31T12:00:00Z",
            "region": cloud.region,
            "resources": ["arn:x"],
            "detail": {"state": "paid", "total": 12},
        }
    ]


def test_the_time_of_an_event_is_the_clock_s(
    cloud: Any, rule: Callable[..., str], queue: Any, put: Any, bodies: Any
) -> None:
    rule("r", queue("q"))
    cloud.clock.advance(10 * 86400)
    put()
    assert bodies("q")[0]["time"] == cloud.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")


def test_an_error_of_one_entry_does_not_affect_others(
    events: Any, rule: Callable[..., str], queue: Any, bodies: Any
) -> None:
    rule("r", queue("q"))
    entries = [
        {**EVENT, "Detail": '{"n": 1}'},
        {name: EVENT[name] for name in ("DetailType", "Detail")},
        {name: EVENT[name] for name in ("Source", "Detail")},
        {name: EVENT[name] for name in ("Source", "DetailType")},
        {**EVENT, "Detail": "{not json"},
        {**EVENT, "Detail": "[1]"},
        {**EVENT, "Detail": '{"n": NaN}'},
        {**EVENT, "Source": "aws.shop"},
        {**EVENT, "DetailType": "x" * 129},
        {**EVENT, "Detail": '{"n": 2}'},
    ]
    response = events.put_events(Entries=entries)
    codes = [entry.get("ErrorCode") for entry in response["Entries"]]
    wrong = ["InvalidArgument"] * 3 + ["MalformedDetail"] * 3 + ["NotAuthorizedForSource", "InvalidArgument"]
    assert codes == [None, *wrong, None]
    assert response["FailedEntryCount"] == 8
    expected = "Parameter Source is not valid. Reason: Source is a required argument."
    assert response["Entries"][1]["ErrorMessage"] == expected
    assert sorted(body["detail"]["n"] for body in bodies("q")) == [1, 2]


def test_limits_of_a_request(events: Any, refused: Callable[..., str]) -> None:
    refused(events.put_events, "ValidationException", Entries=[EVENT] * 11)
    rest = len(EVENT["Source"] + EVENT["DetailType"]) + len('{"x":""}') + 14
    detail = '{"x":"' + "ä" * ((256 * 1024 - rest) // 2) + '"}'  # two bytes each
    fitting = {**EVENT, "Detail": detail, "Time": datetime(2026, 1, 1, tzinfo=UTC)}
    assert events.put_events(Entries=[fitting])["FailedEntryCount"] == 0
    message = refused(events.put_events, "ValidationException", Entries=[{**fitting, "Resources": ["xx"]}])
    assert message == "Total size of the entries in the request is over the limit."


def test_only_enabled_rules_whose_pattern_matches_fire(
    events: Any, rule: Callable[..., str], queue: Any, put: Any, bodies: Any
) -> None:
    rule("matches", {"Arn": queue("q"), "Input": '"matches"'})
    rule("other", {"Arn": queue("q"), "Input": '"other"'}, pattern={"source": ["else"]})
    rule("disabled", {"Arn": queue("q"), "Input": '"disabled"'}, State="DISABLED")
    rule("clock", {"Arn": queue("q"), "Input": '"clock"'}, ScheduleExpression="rate(1 minute)")
    put()
    assert bodies("q") == ["matches"]
    events.disable_rule(Name="matches")
    events.enable_rule(Name="disabled")
    put()
    assert bodies("q") == ["disabled"]


def test_each_bus_has_its_own_rules(events: Any, rule: Callable[..., str], queue: Any, put: Any, bodies: Any) -> None:
    arn = events.create_event_bus(Name="shop")["EventBusArn"]
    rule("r", {"Arn": queue("q"), "Input": '"default"'})
    rule("r", {"Arn": queue("q"), "Input": '"shop"'}, EventBusName="shop")
    put()
    assert bodies("q") == ["default"]
    put(EventBusName="shop")
    put(EventBusName=arn)
    assert bodies("q") == ["shop", "shop"]
    assert put(EventBusName="none")["FailedEntryCount"] == 0  # taken, and lost, as on AWS
    assert bodies("q") == []


def test_events_of_localcloud_s_services_arrive_on_the_default_bus(
    cloud: Any, rule: Callable[..., str], queue: Any, bodies: Any
) -> None:
    rule("r", queue("q"), pattern={"source": ["aws.sagemaker"], "detail": {"Status": ["Completed"]}})
    with cloud.lock:  # as services do it
        cloud.emit("aws.sagemaker", "Job State Change", {"Status": "InProgress"}, [])
        cloud.emit("aws.sagemaker", "Job State Change", {"Status": "Completed"}, ["arn:job"])
    (body,) = bodies("q")
    assert (body["source"], body["detail-type"], body["resources"]) == (
        "aws.sagemaker",
        "Job State Change",
        ["arn:job"],
    )


def test_faults_lose_and_duplicate_events(
    cloud: Any, rule: Callable[..., str], queue: Any, put: Any, bodies: Any
) -> None:
    rule("r", queue("q"))
    cloud.faults.drop("order")
    lost = put()
    cloud.faults.duplicate("order")
    doubled = put()["Entries"][0]["EventId"]
    assert lost["FailedEntryCount"] == 0
    assert [body["id"] for body in bodies("q")] == [doubled, doubled]


def test_global_endpoints_are_refused(events: Any, refused: Callable[..., str], cloud: Any) -> None:
    from localcloud.core.refusal import Refusal

    try:
        cloud.services["events"].operations["PutEvents"].method({"Entries": [EVENT], "EndpointId": "a.b"})
    except Refusal as refusal:
        assert refusal.code == "NotImplementedByLocalcloud"
    else:
        raise AssertionError("an endpoint that is not there was taken")
