"""Effects of an alarm's changes: events, messages to SNS, history."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from support.policies import allow, document

from localcloud.core.cloud import Cloud
from localcloud.services.cloudwatch.service import CloudWatch

RATE = [
    {
        "Id": "m1",
        "MetricStat": {
            "Metric": {"Namespace": "n", "MetricName": "m", "Dimensions": [{"Name": "env", "Value": "dev"}]},
            "Period": 60,
            "Stat": "Sum",
        },
        "ReturnData": False,
    },
    {"Id": "e1", "Expression": "m1 * 100", "Label": "percent"},
]


@pytest.fixture
def topic(cloudwatch: Any, cloud: Cloud) -> str:
    """Its messages go to the queue "calls"."""
    sns, sqs = cloud.client("sns"), cloud.client("sqs")
    arn: str = sns.create_topic(Name="calls")["TopicArn"]
    queue = sqs.create_queue(QueueName="calls")["QueueUrl"]
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint="arn:aws:sqs:eu-west-1:000000000000:calls")
    assert queue.endswith("/calls")
    return arn


@pytest.fixture
def received(cloud: Cloud, service: CloudWatch) -> Callable[[], list[dict[str, Any]]]:
    """The messages in the queue since the last call."""

    def receive() -> list[dict[str, Any]]:
        service.settle()
        sqs = cloud.client("sqs")
        url = sqs.get_queue_url(QueueName="calls")["QueueUrl"]
        bodies = []
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for each in messages:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])
                bodies.append(json.loads(each["Body"]))
        return bodies

    return receive


def test_the_message_is_aws_s(topic: str, put: Any, alarm: Any, received: Any, described: Any, cloud: Cloud) -> None:
    alarm(
        AlarmActions=[topic],
        AlarmDescription="too many errors",
        Dimensions=[{"Name": "env", "Value": "dev"}],
        DatapointsToAlarm=1,
        TreatMissingData="notBreaching",
    )
    put(9.0, Dimensions=[{"Name": "env", "Value": "dev"}])
    cloud.clock.advance(60)
    (envelope,) = received()
    assert envelope["Subject"] == 'ALARM: "a" in EU (Ireland)'
    message, current = json.loads(envelope["Message"]), described()
    assert message.pop("StateChangeTime").startswith(current["StateUpdatedTimestamp"].strftime("%Y-%m-%dT%H:%M:%S."))
    assert message.pop("AlarmConfigurationUpdatedTimestamp").endswith("+0000")
    assert message == {
        "AlarmName": "a",
        "AlarmDescription": "too many errors",
        "AWSAccountId": "000000000000",
        "NewStateValue": "ALARM",
        "NewStateReason": current["StateReason"],
        "Region": "EU (Ireland)",
        "AlarmArn": "arn:aws:cloudwatch:eu-west-1:000000000000:alarm:a",
        "OldStateValue": "INSUFFICIENT_DATA",
        "OKActions": [],
        "AlarmActions": [topic],
        "InsufficientDataActions": [],
        "Trigger": {
            "MetricName": "m",
            "Namespace": "n",
            "StatisticType": "Statistic",
            "Statistic": "SUM",
            "Unit": None,
            "Dimensions": [{"value": "dev", "name": "env"}],
            "Period": 60,
            "EvaluationPeriods": 1,
            "DatapointsToAlarm": 1,
            "ComparisonOperator": "GreaterThanThreshold",
            "Threshold": 5.0,
            "TreatMissingData": "notBreaching",
            "EvaluateLowSampleCountPercentile": "",
        },
    }


def test_the_trigger_of_an_expression(topic: str, alarm: Any, received: Any, cloudwatch: Any) -> None:
    alarm(AlarmActions=[topic], Metrics=RATE)
    cloudwatch.set_alarm_state(AlarmName="a", StateValue="ALARM", StateReason="")
    trigger = json.loads(received()[0]["Message"])["Trigger"]
    assert trigger["Period"] == 60
    assert trigger["Metrics"][1] == {"Id": "e1", "Expression": "m1 * 100", "Label": "percent", "ReturnData": True}
    assert trigger["Metrics"][0]["MetricStat"]["Metric"]["Dimensions"] == [{"value": "dev", "name": "env"}]


def test_actions_only_on_change_and_in_order(topic: str, put: Any, alarm: Any, received: Any, cloud: Cloud) -> None:
    alarm(AlarmActions=[topic], OKActions=[topic], InsufficientDataActions=[topic])
    for value in (9.0, 9.0, 1.0, 1.0, 9.0):
        put(value)
        cloud.clock.advance(60)
    cloud.clock.advance(600)
    states = [json.loads(each["Message"])["NewStateValue"] for each in received()]
    assert states == ["ALARM", "OK", "ALARM", "INSUFFICIENT_DATA"]


def test_only_the_actions_of_the_new_state(topic: str, put: Any, alarm: Any, received: Any, cloud: Cloud) -> None:
    alarm(OKActions=[topic])
    put(9.0)
    cloud.clock.advance(60)
    assert received() == []
    put(1.0)
    cloud.clock.advance(60)
    assert len(received()) == 1


def test_actions_disabled_and_enabled(topic: str, alarm: Any, received: Any, cloudwatch: Any, described: Any) -> None:
    alarm(AlarmActions=[topic])
    cloudwatch.disable_alarm_actions(AlarmNames=["a", "absent"])
    assert described()["ActionsEnabled"] is False
    cloudwatch.set_alarm_state(AlarmName="a", StateValue="ALARM", StateReason="quiet")
    assert received() == []
    cloudwatch.enable_alarm_actions(AlarmNames=["a"])
    cloudwatch.set_alarm_state(AlarmName="a", StateValue="OK", StateReason="")
    cloudwatch.set_alarm_state(AlarmName="a", StateValue="ALARM", StateReason="loud")
    assert [json.loads(each["Message"])["NewStateReason"] for each in received()] == ["loud"]


def test_a_long_name_in_a_subject(topic: str, alarm: Any, received: Any, cloudwatch: Any) -> None:
    alarm(AlarmName="é" + "n" * 200, AlarmActions=[topic])
    cloudwatch.set_alarm_state(AlarmName="é" + "n" * 200, StateValue="ALARM", StateReason="")
    (envelope,) = received()
    assert len(envelope["Subject"]) == 100
    assert envelope["Subject"].startswith('ALARM: "?nnn')
    assert envelope["Subject"].endswith('nnn..." in EU (Ireland)')


def test_the_event_is_aws_s(put: Any, alarm: Any, described: Any, cloud: Cloud) -> None:
    alarm(AlarmDescription="too many", Dimensions=[{"Name": "env", "Value": "dev"}])
    put(9.0, Dimensions=[{"Name": "env", "Value": "dev"}])
    cloud.clock.advance(60)
    event = cloud.events.recent[-1]
    now = described()
    assert (event["source"], event["detail-type"]) == ("aws.cloudwatch", "CloudWatch Alarm State Change")
    assert event["resources"] == [now["AlarmArn"]]
    detail = event["detail"]
    (metric,) = detail["configuration"].pop("metrics")
    assert len(metric.pop("id")) == 36
    assert metric == {
        "metricStat": {
            "metric": {"namespace": "n", "name": "m", "dimensions": {"env": "dev"}},
            "period": 60,
            "stat": "Sum",
        },
        "returnData": True,
    }
    assert detail["previousState"].pop("timestamp") < detail["state"].pop("timestamp")
    assert detail == {
        "alarmName": "a",
        "configuration": {"description": "too many"},
        "previousState": {"value": "INSUFFICIENT_DATA", "reason": "Unchecked: Initial alarm creation"},
        "state": {"value": "ALARM", "reason": now["StateReason"], "reasonData": now["StateReasonData"]},
    }


def test_the_event_of_an_expression(alarm: Any, cloudwatch: Any, cloud: Cloud) -> None:
    alarm(Metrics=RATE)
    cloudwatch.set_alarm_state(AlarmName="a", StateValue="ALARM", StateReason="")
    metrics = cloud.events.recent[-1]["detail"]["configuration"]["metrics"]
    assert metrics[1] == {"id": "e1", "expression": "m1 * 100", "label": "percent", "returnData": True}
    assert metrics[0]["id"] == "m1"
    assert metrics[0]["metricStat"]["metric"]["dimensions"] == {"env": "dev"}
    assert metrics[0]["returnData"] is False


def test_changes_of_the_configuration_are_events(alarm: Any, cloudwatch: Any, cloud: Cloud) -> None:
    alarm()
    alarm(Threshold=7)
    cloudwatch.delete_alarms(AlarmNames=["a"])
    events = list(cloud.events.recent)
    assert {event["detail-type"] for event in events} == {"CloudWatch Alarm Configuration Change"}
    assert [event["detail"]["operation"] for event in events] == ["create", "update", "delete"]
    updated = events[1]["detail"]
    assert (updated["previousConfiguration"]["threshold"], updated["configuration"]["threshold"]) == (5, 7)


def test_history(topic: str, put: Any, alarm: Any, cloudwatch: Any, cloud: Cloud, service: CloudWatch) -> None:
    missing = topic.replace("calls", "absent")
    other = "arn:aws:automate:eu-west-1:ec2:stop"
    alarm(AlarmActions=[topic, missing, other])
    put(9.0)
    cloud.clock.advance(60)
    service.settle()
    cloud.clock.advance(1)
    cloudwatch.delete_alarms(AlarmNames=["a"])
    items = cloudwatch.describe_alarm_history(AlarmName="a", ScanBy="TimestampAscending")["AlarmHistoryItems"]
    assert [(each["HistoryItemType"], each["HistorySummary"].split(" Received")[0]) for each in items] == [
        ("ConfigurationUpdate", 'Alarm "a" created'),
        ("StateUpdate", "Alarm updated from INSUFFICIENT_DATA to ALARM"),
        ("Action", f"Successfully executed action {topic}"),
        ("Action", f"Failed to execute action {missing}."),
        ("Action", f"Failed to execute action {other}."),
        ("ConfigurationUpdate", 'Alarm "a" deleted'),
    ]
    created, changed, done, failed, unsupported = (json.loads(each["HistoryData"]) for each in items[:5])
    assert (created["type"], created["createdAlarm"]["alarmName"]) == ("Create", "a")
    assert changed["oldState"] == {
        "stateValue": "INSUFFICIENT_DATA",
        "stateReason": "Unchecked: Initial alarm creation",
    }
    assert changed["newState"]["stateReasonData"]["recentDatapoints"] == [9.0]
    assert (done["actionState"], json.loads(done["publishedMessage"])["AlarmName"]) == ("Succeeded", "a")
    assert (failed["actionState"], failed["notificationResource"]) == ("Failed", missing)
    assert unsupported["error"] == "localcloud does not perform actions of this kind."


def test_history_filters_and_pages(alarm: Any, cloudwatch: Any, cloud: Cloud) -> None:
    for name in ("a", "b"):
        alarm(AlarmName=name)
    for state in ("OK", "ALARM", "OK"):
        cloud.clock.advance(1)
        cloudwatch.set_alarm_state(AlarmName="a", StateValue=state, StateReason="")
    history = cloudwatch.describe_alarm_history

    def summaries(**request: Any) -> list[str]:
        return [each["HistorySummary"] for each in history(**request)["AlarmHistoryItems"]]

    assert summaries(AlarmName="b") == ['Alarm "b" created']
    assert summaries(HistoryItemType="StateUpdate")[0] == "Alarm updated from ALARM to OK"
    assert len(summaries(StartDate=cloud.clock.now())) == 1
    assert summaries(AlarmTypes=["CompositeAlarm"]) == []
    first = history(MaxRecords=2)
    cloudwatch.set_alarm_state(AlarmName="a", StateValue="ALARM", StateReason="meanwhile")
    second = history(MaxRecords=3, NextToken=first["NextToken"])
    paged_summaries = [each["HistorySummary"] for page in (first, second) for each in page["AlarmHistoryItems"]]
    assert paged_summaries == summaries()[1:]  # nothing twice, nothing left out
    cloudwatch.delete_alarms(AlarmNames=["a", "b"])  # evaluating them for 31 days takes two seconds
    cloud.clock.advance(31 * 86_400)
    assert summaries() == []


def test_on_a_running_clock(live_cloud: Cloud) -> None:
    """At a thousand times the speed, without stepping."""
    import time

    cloudwatch = live_cloud.client("cloudwatch")
    live_cloud.metric("n", "m", 9, {})
    rule = {"EvaluationPeriods": 1, "Threshold": 5.0, "ComparisonOperator": "GreaterThanThreshold"}
    for name, period in (("slow", 60), ("fast", 10)):
        single = {"Namespace": "n", "MetricName": "m", "Statistic": "Sum", "Period": period}
        cloudwatch.put_metric_alarm(AlarmName=name, **single, **rule, TreatMissingData="notBreaching")
    give_up = time.monotonic() + 10
    while time.monotonic() < give_up:
        live_cloud.metric("n", "m", 9, {})
        items = cloudwatch.describe_alarm_history(HistoryItemType="StateUpdate")["AlarmHistoryItems"]
        changes = {(each["AlarmName"], each["HistorySummary"].rpartition(" ")[2]) for each in items}
        if {("slow", "ALARM"), ("fast", "ALARM")} <= changes:
            return
        time.sleep(0.02)
    raise AssertionError(f"the alarms did not go off: {changes}")


@pytest.mark.roles
def test_a_topic_is_called_in_the_name_of_the_alarm(
    topic: str, put: Any, alarm: Any, cloud: Cloud, service: CloudWatch, access: Any
) -> None:
    alarm(AlarmActions=[topic])
    put(9.0)
    cloud.clock.advance(60)
    service.settle()
    assert access.clients == [("cloudwatch.amazonaws.com", cloud.arn("cloudwatch", "alarm:a"), "sns")]


@pytest.mark.roles
@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("AuthorizationError", "Resource: {alarm} is not authorized to perform: SNS:Publish on resource: {topic}"),
        ("KMSAccessDenied", "CloudWatch Alarms does not have authorization to access the SNS topic encryption key."),
    ],
)
def test_a_denied_action_reads_as_on_aws(
    topic: str, put: Any, alarm: Any, cloudwatch: Any, cloud: Cloud, service: CloudWatch, code: str, problem: str
) -> None:
    alarm(AlarmActions=[topic])
    cloud.faults.fail("sns.Publish", code=code, status=403)
    put(9.0)
    cloud.clock.advance(60)
    service.settle()
    sentence = problem.format(alarm=cloud.arn("cloudwatch", "alarm:a"), topic=topic)
    (item, *_) = cloudwatch.describe_alarm_history(AlarmName="a", HistoryItemType="Action")["AlarmHistoryItems"]
    assert item["HistorySummary"] == f"Failed to execute action {topic}. Received error: {sentence}"
    assert json.loads(item["HistoryData"])["error"] == sentence


@pytest.mark.roles
@pytest.mark.parametrize("source", ["alarm:a", "alarm:b"])
def test_the_policy_of_the_topic_decides(
    topic: str, put: Any, alarm: Any, cloudwatch: Any, cloud: Cloud, service: CloudWatch, source: str
) -> None:
    statement = allow("sns:Publish", resource=topic, Principal={"Service": "cloudwatch.amazonaws.com"})
    policy = document({**statement, "Condition": {"ArnEquals": {"aws:SourceArn": cloud.arn("cloudwatch", source)}}})
    cloud.client("sns").set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
    alarm(AlarmActions=[topic])
    put(9.0)
    cloud.clock.advance(60)
    service.settle()
    (item, *_) = cloudwatch.describe_alarm_history(AlarmName="a", HistoryItemType="Action")["AlarmHistoryItems"]
    own = cloud.arn("cloudwatch", "alarm:a")
    denied = f"Resource: {own} is not authorized to perform: SNS:Publish on resource: {topic}"
    failure = f"Failed to execute action {topic}. Received error: {denied}"
    assert item["HistorySummary"] == (f"Successfully executed action {topic}" if source == "alarm:a" else failure)


@pytest.mark.roles
def test_the_policy_of_the_topic_s_key_decides(
    topic: str, put: Any, alarm: Any, cloudwatch: Any, cloud: Cloud, service: CloudWatch
) -> None:
    key = cloud.client("kms").create_key()["KeyMetadata"]["KeyId"]
    cloud.client("sns").set_topic_attributes(TopicArn=topic, AttributeName="KmsMasterKeyId", AttributeValue=key)
    alarm(AlarmActions=[topic])
    put(9.0)
    cloud.clock.advance(60)
    service.settle()
    (item, *_) = cloudwatch.describe_alarm_history(AlarmName="a", HistoryItemType="Action")["AlarmHistoryItems"]
    assert item["HistorySummary"].endswith("does not have authorization to access the SNS topic encryption key.")
