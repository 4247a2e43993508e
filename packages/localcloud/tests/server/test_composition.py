"""The order in which services are listed does not matter: all of them, in several orders, work together."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from localcloud.core.access import encryption_keys, resource_policies
from localcloud.server.composition import SERVICES, compose

ROLE = "arn:aws:iam::000000000000:role/r"
SEEDS = (1, 2, 3)


def shuffled(seed: int) -> list[str]:
    return random.Random(seed).sample(SERVICES, len(SERVICES))  # noqa: S311 - an order of a test


ORDERS = {
    "listed": [*SERVICES],
    "reversed": [*reversed(SERVICES)],
    **{f"seed {seed}": shuffled(seed) for seed in SEEDS},
}


@pytest.fixture(params=ORDERS.values(), ids=ORDERS.keys())
def services(request: pytest.FixtureRequest) -> list[str]:
    order: list[str] = request.param
    return order


def test_services_work_together_in_any_order(
    cloud: Any, queue: Callable[..., str], drain: Callable[[str], list[Any]], step: Callable[..., None]
) -> None:
    """Schedule -> event bus -> rule -> queue; alarm -> topic -> queue, and -> event -> rule -> queue."""
    events, cloudwatch, sns = (cloud.client(name) for name in ("events", "cloudwatch", "sns"))
    _rule(events, "orders", {"source": ["shop"]}, queue("orders"))
    _rule(events, "alarms", {"source": ["aws.cloudwatch"]}, queue("alarm-events"))
    _schedule(cloud)
    topic = sns.create_topic(Name="operators")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue("operators"))
    policy = cloud.arn("autoscaling", "scalingPolicy:none:resource/sagemaker/endpoint/e/variant/v:policyName/p")
    _alarm(cloudwatch, topic, policy)

    events.put_events(Entries=[{"Source": "shop", "DetailType": "order", "Detail": "{}"}])
    cloudwatch.set_alarm_state(AlarmName="errors", StateValue="ALARM", StateReason="a test")
    cloud.services["cloudwatch"].settle()
    step(61)

    assert [json.loads(message["Body"])["detail-type"] for message in drain("orders")] == ["order", "scheduled"]
    assert "CloudWatch Alarm State Change" in [
        json.loads(each["Body"])["detail-type"] for each in drain("alarm-events")
    ]
    (notice,) = drain("operators")
    assert json.loads(json.loads(notice["Body"])["Message"])["NewStateValue"] == "ALARM"
    (failed,) = _failed_actions(cloudwatch)
    assert failed["notificationResource"] == policy
    assert failed["error"] == "There is no such scaling policy."


def test_services_extend_each_other_in_any_order(cloud: Any, refused: Callable[..., str]) -> None:
    """Targets of rules that CodeBuild and CodePipeline add; SageMaker's endpoints, in Application Auto Scaling."""
    events, scaling = cloud.client("events"), cloud.client("application-autoscaling")
    events.put_rule(Name="r", EventPattern='{"source": ["shop"]}')
    arns = (cloud.arn("codebuild", "project/p"), cloud.arn("codepipeline", "p"), cloud.arn("sagemaker", "pipeline/p"))
    targets = [{"Id": f"t{number}", "Arn": arn, "RoleArn": ROLE} for number, arn in enumerate(arns)]
    assert events.put_targets(Rule="r", Targets=targets)["FailedEntryCount"] == 0
    variant = {"ServiceNamespace": "sagemaker", "ScalableDimension": "sagemaker:variant:DesiredInstanceCount"}
    variant["ResourceId"] = "endpoint/churn/variant/v"
    message = refused(scaling.register_scalable_target, "ValidationException", **variant, MinCapacity=1, MaxCapacity=2)
    assert "Could not find endpoint" in message


def _rule(events: Any, name: str, pattern: dict[str, Any], queue: str) -> None:
    events.put_rule(Name=name, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": queue}])


def _schedule(cloud: Any) -> None:
    bus = {"Arn": cloud.arn("events", "event-bus/default"), "RoleArn": ROLE, "Input": "{}"}
    target = {**bus, "EventBridgeParameters": {"Source": "shop", "DetailType": "scheduled"}}
    begin = cloud.clock.now().timestamp() + 60
    cloud.client("scheduler").create_schedule(
        Name="once",
        ScheduleExpression="rate(1 hour)",
        StartDate=begin,
        FlexibleTimeWindow={"Mode": "OFF"},
        Target=target,
    )


def _alarm(cloudwatch: Any, *actions: str) -> None:
    metric = {"Namespace": "shop", "MetricName": "errors", "Statistic": "Sum", "Period": 60}
    rule = {"EvaluationPeriods": 1, "Threshold": 1.0, "ComparisonOperator": "GreaterThanThreshold"}
    cloudwatch.put_metric_alarm(AlarmName="errors", AlarmActions=list(actions), **metric, **rule)


def _failed_actions(cloudwatch: Any) -> list[dict[str, Any]]:
    items = cloudwatch.describe_alarm_history(AlarmName="errors", HistoryItemType="Action")["AlarmHistoryItems"]
    data = [json.loads(item["HistoryData"]) for item in items]
    return [each for each in data if each["actionState"] == "Failed"]


def test_what_decides_about_calls_is_not_read_from_moto_where_localcloud_has_the_service(tmp_path: Path) -> None:
    """moto's state of such a service is empty: its policies and keys would count for nothing."""
    cloud = compose(tmp_path)
    try:
        assert not cloud.services.keys() & {*resource_policies.READERS, *encryption_keys.READERS}
    finally:
        cloud.close()
