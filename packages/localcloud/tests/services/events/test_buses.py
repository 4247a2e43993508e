"""Event buses and tags."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def test_the_default_bus_always_exists(cloud: Any, events: Any, refused: Callable[..., str]) -> None:
    assert events.describe_event_bus()["Arn"] == cloud.arn("events", "event-bus/default")
    assert [bus["Name"] for bus in events.list_event_buses()["EventBuses"]] == ["default"]
    refused(events.delete_event_bus, "ValidationException", Name="default")
    refused(events.create_event_bus, "ResourceAlreadyExistsException", Name="default")


def test_a_custom_bus(cloud: Any, events: Any, refused: Callable[..., str]) -> None:
    arn = events.create_event_bus(Name="shop", Description="orders", Tags=[{"Key": "team", "Value": "a"}])[
        "EventBusArn"
    ]
    assert arn == cloud.arn("events", "event-bus/shop")
    assert events.describe_event_bus(Name=arn)["Description"] == "orders"
    events.update_event_bus(Name="shop", Description="all orders")
    assert events.describe_event_bus(Name="shop")["Description"] == "all orders"
    assert events.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "team", "Value": "a"}]
    assert [bus["Name"] for bus in events.list_event_buses(NamePrefix="sh")["EventBuses"]] == ["shop"]
    rule = events.put_rule(Name="r", EventBusName="shop", EventPattern='{"source": ["x"]}')["RuleArn"]
    assert rule == cloud.arn("events", "rule/shop/r")
    assert "has rules" in refused(events.delete_event_bus, "ValidationException", Name="shop")
    events.delete_rule(Name="r", EventBusName=arn)
    events.delete_event_bus(Name="shop")
    events.delete_event_bus(Name="shop")
    assert "shop does not exist" in refused(events.describe_event_bus, "ResourceNotFoundException", Name="shop")


def test_names_of_buses(events: Any, refused: Callable[..., str]) -> None:
    assert "/" in refused(events.create_event_bus, "ValidationException", Name="a/b")
    refused(events.create_event_bus, "ValidationException", Name="a b")
    refused(events.put_rule, "ResourceNotFoundException", Name="r", EventPattern='{"a": ["b"]}', EventBusName="none")


def test_tags_of_a_rule(events: Any, rule: Callable[..., str], refused: Callable[..., str]) -> None:
    arn = rule("r", Tags=[{"Key": "a", "Value": "1"}])
    rule("r", Tags=[{"Key": "ignored", "Value": "as AWS does when a rule is put again"}])
    events.tag_resource(ResourceARN=arn, Tags=[{"Key": "b", "Value": "2"}])
    events.untag_resource(ResourceARN=arn, TagKeys=["a"])
    assert events.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "b", "Value": "2"}]
    message = refused(events.tag_resource, "ValidationException", ResourceARN=arn, Tags=[{"Key": "aws:x", "Value": ""}])
    assert "aws:" in message
    many = [{"Key": str(number), "Value": ""} for number in range(50)]
    assert "50" in refused(events.tag_resource, "ValidationException", ResourceARN=arn, Tags=many)
    gone = refused(events.list_tags_for_resource, "ResourceNotFoundException", ResourceARN=arn + "x")
    assert gone == "Rule rx does not exist on EventBusName default."


def test_a_reset_leaves_the_default_bus_alone(cloud: Any, events: Any, rule: Callable[..., str]) -> None:
    events.create_event_bus(Name="shop")
    rule("r", ScheduleExpression="rate(1 minute)")
    cloud.reset()
    assert events.list_rules()["Rules"] == []
    assert [bus["Name"] for bus in events.list_event_buses()["EventBuses"]] == ["default"]
