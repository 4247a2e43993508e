"""Rules and their targets: stored, listed, refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

PATTERN = '{"source": ["shop"]}'
ROLE = "arn:aws:iam::000000000000:role/r"


def test_a_rule_is_described_as_it_was_put(cloud: Any, events: Any) -> None:
    arn = events.put_rule(Name="r", EventPattern=PATTERN, Description="d", RoleArn=ROLE)["RuleArn"]
    assert arn == cloud.arn("events", "rule/r")
    rule = events.describe_rule(Name="r")
    rule.pop("ResponseMetadata")
    expected = {"Name": "r", "Arn": arn, "EventBusName": "default", "State": "ENABLED", "EventPattern": PATTERN}
    assert rule == {**expected, "Description": "d", "RoleArn": ROLE, "CreatedBy": cloud.account}


def test_putting_a_rule_again_replaces_all_but_its_targets(events: Any, rule: Callable[..., str], queue: Any) -> None:
    rule("r", queue("q"), Description="d", State="DISABLED")
    events.put_rule(Name="r", ScheduleExpression="rate(1 hour)")
    replaced = events.describe_rule(Name="r")
    assert replaced["State"] == "ENABLED"
    assert not {"Description", "EventPattern"} & set(replaced)
    assert len(events.list_targets_by_rule(Rule="r")["Targets"]) == 1


def test_states(events: Any, rule: Callable[..., str], refused: Callable[..., str]) -> None:
    rule("r")
    events.disable_rule(Name="r")
    assert events.describe_rule(Name="r")["State"] == "DISABLED"
    events.enable_rule(Name="r")
    assert events.describe_rule(Name="r")["State"] == "ENABLED"
    for call in (events.enable_rule, events.disable_rule, events.describe_rule):
        message = refused(call, "ResourceNotFoundException", Name="none")
        assert message == "Rule none does not exist on EventBusName default."


def test_rules_are_listed_in_pages(events: Any, rule: Callable[..., str], refused: Callable[..., str]) -> None:
    for number in range(5):
        rule(f"r{number}")
    rule("other")
    pages = events.get_paginator("list_rules").paginate(NamePrefix="r", PaginationConfig={"PageSize": 2})
    assert [[item["Name"] for item in page["Rules"]] for page in pages] == [["r0", "r1"], ["r2", "r3"], ["r4"]]
    refused(events.list_rules, "ValidationException", NextToken="invalid")


def test_a_rule_with_targets_is_not_deleted(
    events: Any, rule: Callable[..., str], queue: Any, refused: Callable[..., str]
) -> None:
    rule("r", queue("q"))
    assert refused(events.delete_rule, "ValidationException", Name="r") == "Rule can't be deleted since it has targets."
    events.remove_targets(Rule="r", Ids=["t0"])
    events.delete_rule(Name="r")
    events.delete_rule(Name="r")
    assert events.list_rules()["Rules"] == []


def test_only_its_service_changes_a_managed_rule(
    cloud: Any, events: Any, rule: Callable[..., str], queue: Any, refused: Callable[..., str]
) -> None:
    rule("r", queue("q"))
    cloud.services["events"].buses.get("default").rules["r"].managed_by = "codestar.amazonaws.com"
    assert events.describe_rule(Name="r")["ManagedBy"] == "codestar.amazonaws.com"
    refused(events.put_rule, "ManagedRuleException", Name="r", EventPattern=PATTERN)
    refused(events.disable_rule, "ManagedRuleException", Name="r")
    refused(events.remove_targets, "ManagedRuleException", Rule="r", Ids=["t0"])
    refused(events.delete_rule, "ManagedRuleException", Name="r")
    events.remove_targets(Rule="r", Ids=["t0"], Force=True)
    events.delete_rule(Name="r", Force=True)


def test_invalid_rules(events: Any, refused: Callable[..., str]) -> None:
    events.create_event_bus(Name="shop")
    message = refused(events.put_rule, "InvalidEventPatternException", Name="r", EventPattern='{"a": [{"like": "x"}]}')
    assert message == "Event pattern is not valid. Reason: Unrecognized match type like at a"
    message = refused(events.put_rule, "ValidationException", Name="r", ScheduleExpression="rate(1 minutes)")
    assert message.startswith("Parameter ScheduleExpression is not valid.")
    message = refused(events.put_rule, "ValidationException", Name="r")
    assert message == "Parameter(s) EventPattern or ScheduleExpression must be specified."
    schedule = {"ScheduleExpression": "rate(1 hour)", "EventBusName": "shop"}
    message = refused(events.put_rule, "ValidationException", Name="r", **schedule)
    assert message == "ScheduleExpression is supported only on the default event bus."
    long = json.dumps({"source": ["x" * 2048]})
    assert "2048" in refused(events.put_rule, "LimitExceededException", Name="r", EventPattern=long)
    refused(events.put_rule, "ValidationException", Name="no spaces", EventPattern=PATTERN)
    assert events.list_rules()["Rules"] == []


def test_targets_are_stored_replaced_listed_and_removed(
    events: Any, rule: Callable[..., str], queue: Any, refused: Callable[..., str]
) -> None:
    first, second = queue("q1"), queue("q2")
    rule("a", first)
    rule("b", {"Arn": first, "Input": "{}"}, second)
    assert events.list_rule_names_by_target(TargetArn=first)["RuleNames"] == ["a", "b"]
    rule("b", second)
    assert events.list_rule_names_by_target(TargetArn=first)["RuleNames"] == ["a"]
    targets = events.list_targets_by_rule(Rule="b")["Targets"]
    assert targets == [{"Id": "t0", "Arn": second}, {"Id": "t1", "Arn": second}]
    response = events.remove_targets(Rule="b", Ids=["t0", "t7"])
    assert response["FailedEntryCount"] == 1
    assert response["FailedEntries"][0]["TargetId"] == "t7"
    assert response["FailedEntries"][0]["ErrorCode"] == "ResourceNotFoundException"
    assert [target["Id"] for target in events.list_targets_by_rule(Rule="b")["Targets"]] == ["t1"]
    refused(events.put_targets, "ResourceNotFoundException", Rule="none", Targets=[{"Id": "x", "Arn": first}])


def test_a_rule_has_at_most_five_targets(
    events: Any, rule: Callable[..., str], queue: Any, refused: Callable[..., str]
) -> None:
    arn = queue("q")
    rule("r", *[arn] * 5)
    refused(events.put_targets, "LimitExceededException", Rule="r", Targets=[{"Id": "sixth", "Arn": arn}])
    events.put_targets(Rule="r", Targets=[{"Id": "t4", "Arn": arn, "Input": "1"}])
    assert len(events.list_targets_by_rule(Rule="r")["Targets"]) == 5


def test_targets_that_are_refused(
    cloud: Any, events: Any, rule: Callable[..., str], refused: Callable[..., str]
) -> None:
    rule("r")
    arn = cloud.arn

    def message_for(code: str = "ValidationException", **target: Any) -> str:
        sentence = refused(events.put_targets, code, Rule="r", Targets=[{"Id": "x", **target}])
        assert events.list_targets_by_rule(Rule="r")["Targets"] == []
        return sentence

    assert "Provided Arn is not in correct format" in message_for(Arn="queue")
    function = arn("lambda", "function:f")
    sentence = message_for("NotImplementedByLocalcloud", Arn=function)
    assert function in sentence
    assert "sqs" in sentence
    message_for("NotImplementedByLocalcloud", Arn=arn("sagemaker", "endpoint/e"))
    assert "SqsParameters must be specified" in message_for(Arn=arn("sqs", "q.fifo"))
    pipeline = arn("sagemaker", "pipeline/p")
    assert message_for(Arn=pipeline) == f"RoleArn is required for target {pipeline}."
    bad = {"PipelineParameterList": [{"Name": "a", "Value": "$.[detail"}]}
    assert "JSON path" in message_for(Arn=pipeline, RoleArn=ROLE, SageMakerPipelineParameters=bad)
    assert "JSON syntax" in message_for(Arn=arn("sqs", "q"), Input="{")
    assert "not supported" in message_for(Arn=arn("events", "event-bus/b"), InputPath="$.detail")
    assert "somewhere else" in message_for(Arn="arn:aws:sqs:us-west-2:000000000000:q")
    assert "standard SQS queue" in message_for(Arn=arn("sqs", "q"), DeadLetterConfig={"Arn": arn("sqs", "d.fifo")})
    assert "standard SQS queue" in message_for(Arn=arn("sqs", "q"), DeadLetterConfig={"Arn": arn("sns", "d")})
    assert "MaximumRetryAttempts" in message_for(Arn=arn("sqs", "q"), RetryPolicy={"MaximumRetryAttempts": 186})


def test_one_invalid_target_refuses_all(cloud: Any, events: Any, rule: Callable[..., str], refused: Any) -> None:
    rule("r")
    good, bad = {"Id": "a", "Arn": cloud.arn("sqs", "q")}, {"Id": "b", "Arn": "nothing"}
    refused(events.put_targets, "ValidationException", Rule="r", Targets=[good, bad])
    assert events.list_targets_by_rule(Rule="r")["Targets"] == []


def test_a_pattern_is_tested_with_an_event(events: Any, refused: Callable[..., str]) -> None:
    event = dict.fromkeys(("id", "account", "source", "time", "region", "detail-type"), "x") | {"resources": []}

    def matches(pattern: Any, candidate: Any = event) -> bool:
        return bool(events.test_event_pattern(EventPattern=json.dumps(pattern), Event=json.dumps(candidate))["Result"])

    assert matches({"source": ["x"]}) is True
    assert matches({"source": ["y"]}) is False
    for name in event:
        incomplete = json.dumps({key: value for key, value in event.items() if key != name})
        request = {"EventPattern": '{"source": ["x"]}', "Event": incomplete}
        assert name in refused(events.test_event_pattern, "ValidationException", **request)
    refused(events.test_event_pattern, "ValidationException", EventPattern='{"a": ["x"]}', Event="{")
    bad = {"EventPattern": '{"a": "x"}', "Event": json.dumps(event)}
    assert '"a" must be an object or an array' in refused(
        events.test_event_pattern, "InvalidEventPatternException", **bad
    )
