"""How each kind of target is reached: SQS, SNS, CloudWatch Logs, SageMaker pipelines, another event bus.

Not reproduced: the policies of queues, topics and log groups, and what a role may do: every delivery is permitted.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from localcloud.services.events.targets import Sending, Undelivered, target
from localcloud.services.events.transform import FORMS, MISSING, compact, is_path, look_up

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

FIFO = ".fifo"


def queue_url(cloud: Cloud, arn: str) -> str:
    return f"{cloud.url}/{cloud.account}/{arn.rpartition(':')[2]}"


def _needs_group(target: Mapping[str, Any]) -> Iterator[str]:
    if target["Arn"].endswith(FIFO) and not target.get("SqsParameters", {}).get("MessageGroupId"):
        yield f"Parameter(s) SqsParameters must be specified for target: {target['Id']}."


@target("sqs", check=_needs_group)
def send_message(cloud: Cloud, sending: Sending) -> None:
    """A FIFO queue needs content-based deduplication, as on AWS: EventBridge names no deduplication id."""
    arn = sending.target["Arn"]
    group = sending.target.get("SqsParameters", {}) if arn.endswith(FIFO) else {}
    cloud.client("sqs").send_message(QueueUrl=queue_url(cloud, arn), MessageBody=sending.payload(), **group)


@target("sns")
def publish(cloud: Cloud, sending: Sending) -> None:
    cloud.client("sns").publish(TopicArn=sending.target["Arn"], Message=sending.payload())


@target("logs", "log-group:")
def put_log_event(cloud: Cloud, sending: Sending) -> None:
    """One stream per rule and target. In process: moto refuses what is written when our clock has run ahead."""
    group = sending.resource.removeprefix("log-group:").removesuffix(":*")
    stream = uuid.uuid5(uuid.NAMESPACE_URL, f"{sending.matched.rule_arn}#{sending.target['Id']}").hex
    line = _log_line(cloud, sending)
    with cloud.moto("logs") as logs:
        if group not in logs.groups:
            raise Undelivered("NO_RESOURCE", f"The log group {group} does not exist.")
        logs.ensure_log_stream(group, stream)
        logs.groups[group].put_log_events(stream, [line])


def _log_line(cloud: Cloud, sending: Sending) -> dict[str, Any]:
    """A template for a log group has to give its line and its time, as AWS documents it."""
    text = sending.payload()
    if "InputTransformer" not in sending.target:
        return {"timestamp": int(cloud.clock.seconds() * 1000), "message": text}
    try:
        line = json.loads(text, strict=False)
        at, message = line["timestamp"], line["message"]
        millis = at if isinstance(at, int) else int(datetime.fromisoformat(at).timestamp() * 1000)
    except (ValueError, TypeError, KeyError):
        sentence = 'A template for CloudWatch Logs must give {"timestamp": ..., "message": ...}, this gave: '
        raise Undelivered("INVALID_PARAMETER", sentence + text) from None
    return {"timestamp": millis, "message": message if isinstance(message, str) else compact(message)}


def _parameter_paths(target: Mapping[str, Any]) -> Iterator[str]:
    for parameter in target.get("SageMakerPipelineParameters", {}).get("PipelineParameterList", []):
        if parameter["Value"].startswith("$") and not is_path(parameter["Value"]):
            yield f"Invalid JSON path in parameter {parameter['Name']} of target {target['Id']}: {parameter['Value']}."


@target("sagemaker", "pipeline/", role=True, check=_parameter_paths)
def start_pipeline(cloud: Cloud, sending: Sending) -> None:
    """The token makes a repeated attempt start nothing twice; an event that comes twice starts two executions."""
    asked = sending.target.get("SageMakerPipelineParameters", {}).get("PipelineParameterList", [])
    parameters = [{"Name": entry["Name"], "Value": _value(entry, sending)} for entry in asked]
    cloud.client("sagemaker").start_pipeline_execution(
        PipelineName=sending.name, PipelineParameters=parameters, ClientRequestToken=sending.id
    )


def _value(parameter: Mapping[str, str], sending: Sending) -> str:
    """A value that begins with $ is a path into the event, as it came."""
    if not parameter["Value"].startswith("$"):
        return parameter["Value"]
    found = look_up(sending.event, parameter["Value"])
    if found is MISSING:
        sentence = f"The event has nothing at {parameter['Value']}, the value of parameter {parameter['Name']}."
        raise Undelivered("INVALID_PARAMETER", sentence)
    return found if isinstance(found, str) else compact(found)


def _as_it_is(target: Mapping[str, Any]) -> Iterator[str]:
    if any(form in target for form in FORMS):
        yield f"Modifying the input for target {target['Id']} is not supported."


@target("events", "event-bus/", check=_as_it_is)
def put_on_bus(cloud: Cloud, sending: Sending) -> None:
    from localcloud.services.events.service import Events

    if sending.hopped:
        sentence = "Events received from another event bus cannot be forwarded to this event bus."
        raise Undelivered("THIRD_ACCOUNT_HOP_DETECTED", sentence)
    if not cloud.service(Events).arrive(sending.event, sending.name, hopped=True):
        raise Undelivered("NO_RESOURCE", f"Event bus {sending.name} does not exist.")
