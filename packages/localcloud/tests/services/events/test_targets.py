"""Each kind of target gets the same as from AWS."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

ROLE = "arn:aws:iam::000000000000:role/r"


@pytest.fixture
def services() -> list[Any]:
    from localcloud.core.refusal import Refusal
    from localcloud.core.service import Service, operation
    from localcloud.services.events.service import Events

    class SageMaker(Service):
        """Takes executions of the one pipeline that it has."""

        name = "sagemaker"

        def __init__(self, cloud: Any) -> None:
            super().__init__(cloud)
            self.started: list[dict[str, Any]] = []
            self.tokens: list[str] = []
            self.busy = 0  # so many calls are throttled

        @operation("StartPipelineExecution")
        def start_pipeline_execution(self, request: dict[str, Any]) -> dict[str, Any]:
            self.tokens.append(request["ClientRequestToken"])
            if self.busy:
                self.busy -= 1
                raise Refusal("ThrottlingException", "Rate exceeded")
            if request["PipelineName"] != "churn":
                raise Refusal("ResourceNotFound", f"Pipeline {request['PipelineName']} does not exist.")
            self.started.append(request)
            return {"PipelineExecutionArn": self.cloud.arn("sagemaker", "pipeline/churn/execution/abcdefghijkl")}

    return [Events, SageMaker]


def test_input_path_and_template_reach_a_queue(rule: Callable[..., str], queue: Any, put: Any, drain: Any) -> None:
    template = {"InputPathsMap": {"s": "$.detail.state"}, "InputTemplate": '"it is <s>"'}
    rule("a", {"Arn": queue("q"), "InputPath": "$.detail"})
    rule("b", {"Arn": queue("q"), "InputTransformer": template})
    put()
    assert sorted(message["Body"] for message in drain("q")) == ['"it is paid"', '{"state":"paid","total":12}']


def test_a_fifo_queue_gets_its_group(rule: Callable[..., str], queue: Any, put: Any, drain: Any) -> None:
    arn = queue("q.fifo", FifoQueue="true", ContentBasedDeduplication="true")
    rule("r", {"Arn": arn, "SqsParameters": {"MessageGroupId": "g"}})
    put()
    (message,) = drain("q.fifo")
    assert message["Attributes"]["MessageGroupId"] == "g"


def test_a_topic(cloud: Any, rule: Callable[..., str], queue: Any, put: Any, bodies: Any) -> None:
    sns = cloud.client("sns")
    topic = sns.create_topic(Name="orders")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue("q"), Attributes={"RawMessageDelivery": "true"})
    rule("r", {"Arn": topic, "InputPath": "$.detail.state"})
    put()
    assert bodies("q") == ["paid"]


def test_a_log_group_gets_a_line_for_each_event_also_when_the_clock_is_far_ahead(
    cloud: Any, rule: Callable[..., str], put: Any, settle: Any
) -> None:
    logs = cloud.client("logs")
    logs.create_log_group(logGroupName="/aws/events/orders")
    rule("r", cloud.arn("logs", "log-group:/aws/events/orders"))
    template = {"InputPathsMap": {"t": "$.time", "s": "$.detail.state"}}
    template["InputTemplate"] = '{"timestamp": <t>, "message": "is <s>"}'  # type: ignore[assignment]
    rule("t", {"Arn": cloud.arn("logs", "log-group:/aws/events/orders:*"), "InputTransformer": template})
    cloud.clock.advance(30 * 86400)
    put()
    settle()
    log_events = logs.filter_log_events(logGroupName="/aws/events/orders")["events"]
    messages = {event["message"] for event in log_events}
    assert "is paid" in messages
    (untransformed,) = messages - {"is paid"}
    assert json.loads(untransformed)["detail"] == {"state": "paid", "total": 12}
    assert all(abs(event["timestamp"] / 1000 - cloud.clock.seconds()) < 2 for event in log_events)


def test_a_pipeline_starts_with_parameters_from_the_event(
    cloud: Any, rule: Callable[..., str], put: Any, settle: Any
) -> None:
    values = {"Fixed": "5", "State": "$.detail.state", "Total": "$.detail.total", "All": "$.detail"}
    parameters = {"PipelineParameterList": [{"Name": name, "Value": value} for name, value in values.items()]}
    arn = cloud.arn("sagemaker", "pipeline/churn")
    rule("r", {"Arn": arn, "RoleArn": ROLE, "SageMakerPipelineParameters": parameters})
    put()
    settle()
    (request,) = cloud.services["sagemaker"].started
    actual = {parameter["Name"]: parameter["Value"] for parameter in request["PipelineParameters"]}
    assert actual == {"Fixed": "5", "State": "paid", "Total": "12", "All": '{"state":"paid","total":12}'}
    assert uuid.UUID(request["ClientRequestToken"])


def test_a_repeated_attempt_has_the_same_token(cloud: Any, rule: Callable[..., str], put: Any, step: Any) -> None:
    rule("r", {"Arn": cloud.arn("sagemaker", "pipeline/churn"), "RoleArn": ROLE})
    service = cloud.services["sagemaker"]
    service.busy = 1
    put()
    step(1)
    assert len(service.started) == 1
    assert len(service.tokens) == 2
    assert len(set(service.tokens)) == 1


@pytest.mark.parametrize("value", ["$.detail.gone", "$.detail.state[0]"])
def test_a_parameter_without_a_match_starts_nothing(
    cloud: Any, rule: Callable[..., str], queue: Any, put: Any, drain: Any, value: str
) -> None:
    parameters = {"PipelineParameterList": [{"Name": "a", "Value": value}]}
    pipeline = {"Arn": cloud.arn("sagemaker", "pipeline/churn"), "SageMakerPipelineParameters": parameters}
    rule("r", {**pipeline, "RoleArn": ROLE, "DeadLetterConfig": {"Arn": queue("dead")}})
    put()
    (message,) = drain("dead")
    attributes = message["MessageAttributes"]
    assert attributes["ERROR_CODE"]["StringValue"] == "INVALID_PARAMETER"
    assert value in attributes["ERROR_MESSAGE"]["StringValue"]
    assert cloud.services["sagemaker"].started == []


def test_an_event_is_forwarded_unchanged_to_another_bus_but_not_to_a_third(
    cloud: Any, events: Any, rule: Callable[..., str], queue: Any, put: Any, bodies: Any, drain: Any
) -> None:
    for name in ("second", "third"):
        events.create_event_bus(Name=name)
    rule("first", cloud.arn("events", "event-bus/second"))
    onward = {"Arn": cloud.arn("events", "event-bus/third"), "DeadLetterConfig": {"Arn": queue("dead")}}
    rule("second", queue("q2"), onward, EventBusName="second")
    rule("third", queue("q3"), EventBusName="third")
    event_id = put()["Entries"][0]["EventId"]
    assert [event["id"] for event in bodies("q2")] == [event_id]
    assert bodies("q3") == []
    (message,) = drain("dead")
    assert message["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "THIRD_ACCOUNT_HOP_DETECTED"


def test_another_service_adds_a_kind(cloud: Any, rule: Callable[..., str], put: Any, settle: Any) -> None:
    from localcloud.services.events.invocation import Invocation
    from localcloud.services.events.target_kinds import TargetKind

    built: list[Any] = []

    def build(invocation: Invocation, _: Any) -> None:
        built.append((invocation.arn.name, json.loads(invocation.payload())["detail"]["state"], datetime.now()))

    cloud.services["events"].target_kinds.add("codebuild", "project/", TargetKind(build, needs_role=True))
    rule("r", {"Arn": cloud.arn("codebuild", "project/tests"), "RoleArn": ROLE})
    put()
    settle()
    assert [entry[:2] for entry in built] == [("tests", "paid")]
