"""The kinds of targets that EventBridge itself adds: SQS, SNS, CloudWatch Logs, SageMaker pipelines, other event buses.

Another bus of the account accepts events without a role, as events of the account itself.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from localcloud.core.access.principal import Principal
from localcloud.core.cloud import Cloud
from localcloud.services.events.invocation import DeliveryFailure, Invocation
from localcloud.services.events.queues import FIFO, Queues
from localcloud.services.events.router import Router
from localcloud.services.events.target_kinds import TargetKind, TargetKinds
from localcloud.services.events.transform import INPUT_MEMBERS, MISSING, compact, is_path, look_up


def add_standard_targets(kinds: TargetKinds, cloud: Cloud, queues: Queues, router: Router) -> None:
    kinds.add("sqs", "", TargetKind(partial(send_message, queues), problems=_group_problems))
    kinds.add("sns", "", TargetKind(partial(publish, cloud)))
    kinds.add("logs", "log-group:", TargetKind(partial(put_log_event, cloud)))
    pipeline = TargetKind(partial(start_pipeline, cloud), needs_role=True, problems=_parameter_problems)
    kinds.add("sagemaker", "pipeline/", pipeline)
    kinds.add("events", "event-bus/", TargetKind(partial(forward, cloud, router), problems=_input_problems))


def send_message(queues: Queues, invocation: Invocation, principal: Principal) -> None:
    queues.send_to_target(principal, invocation.target, invocation.payload())


def publish(cloud: Cloud, invocation: Invocation, principal: Principal) -> None:
    cloud.client_as(principal, "sns").publish(TopicArn=invocation.target["Arn"], Message=invocation.payload())


def put_log_event(cloud: Cloud, invocation: Invocation, principal: Principal) -> None:
    """One stream per rule and target. In process: moto refuses times ahead of real time, as a fast clock's are."""
    group = invocation.arn.resource.removeprefix("log-group:").removesuffix(":*")
    stream = uuid.uuid5(uuid.NAMESPACE_URL, f"{invocation.match.rule_arn}#{invocation.target['Id']}").hex
    event, place = _log_event(cloud, invocation), {"logGroupName": group, "logStreamName": stream}
    cloud.access.authorize(principal, "logs", "CreateLogStream", place)
    cloud.access.authorize(principal, "logs", "PutLogEvents", {**place, "logEvents": [event]})
    with cloud.moto("logs") as logs:
        if group not in logs.groups:
            raise DeliveryFailure("NO_RESOURCE", f"The log group {group} does not exist.")
        logs.ensure_log_stream(group, stream)
        logs.groups[group].put_log_events(stream, [event])


def _log_event(cloud: Cloud, invocation: Invocation) -> dict[str, Any]:
    """A template for a log group must render an object with timestamp and message, as AWS documents it."""
    text = invocation.payload()
    if "InputTransformer" not in invocation.target:
        return {"timestamp": int(cloud.clock.seconds() * 1000), "message": text}
    try:
        event = json.loads(text, strict=False)
        at, message = event["timestamp"], event["message"]
        millis = at if isinstance(at, int) else int(datetime.fromisoformat(at).timestamp() * 1000)
    except (ValueError, TypeError, KeyError):
        sentence = 'A template for CloudWatch Logs must render {"timestamp": ..., "message": ...}, this rendered: '
        raise DeliveryFailure("INVALID_PARAMETER", sentence + text) from None
    return {"timestamp": millis, "message": message if isinstance(message, str) else compact(message)}


def start_pipeline(cloud: Cloud, invocation: Invocation, principal: Principal) -> None:
    """The token makes attempts idempotent; an event that arrives twice starts two executions."""
    entries = invocation.target.get("SageMakerPipelineParameters", {}).get("PipelineParameterList", [])
    parameters = [{"Name": entry["Name"], "Value": _value(entry, invocation)} for entry in entries]
    cloud.client_as(principal, "sagemaker").start_pipeline_execution(
        PipelineName=invocation.arn.name, PipelineParameters=parameters, ClientRequestToken=invocation.id
    )


def _value(parameter: Mapping[str, str], invocation: Invocation) -> str:
    """A value that begins with $ is a path into the original event."""
    if not parameter["Value"].startswith("$"):
        return parameter["Value"]
    value = look_up(invocation.event, parameter["Value"])
    if value is MISSING:
        sentence = f"The event has nothing at {parameter['Value']}, the value of parameter {parameter['Name']}."
        raise DeliveryFailure("INVALID_PARAMETER", sentence)
    return value if isinstance(value, str) else compact(value)


def forward(cloud: Cloud, router: Router, invocation: Invocation, principal: Principal) -> None:
    """To another event bus, and only once."""
    if invocation.forwarded:
        sentence = "Events received from another event bus cannot be forwarded to this event bus."
        raise DeliveryFailure("THIRD_ACCOUNT_HOP_DETECTED", sentence)
    if "RoleArn" in invocation.target:
        entry = {"EventBusName": invocation.target["Arn"], **_entry(invocation.event)}
        cloud.access.authorize(principal, "events", "PutEvents", {"Entries": [entry]})
    if not router.route(invocation.event, invocation.arn.name, forwarded=True):
        raise DeliveryFailure("NO_RESOURCE", f"Event bus {invocation.arn.name} does not exist.")


def _entry(event: Mapping[str, Any]) -> dict[str, str]:
    return {"Source": event["source"], "DetailType": event["detail-type"], "Detail": compact(event["detail"])}


def _group_problems(target: Mapping[str, Any]) -> Iterator[str]:
    if target["Arn"].endswith(FIFO) and not target.get("SqsParameters", {}).get("MessageGroupId"):
        yield f"Parameter(s) SqsParameters must be specified for target: {target['Id']}."


def _parameter_problems(target: Mapping[str, Any]) -> Iterator[str]:
    for parameter in target.get("SageMakerPipelineParameters", {}).get("PipelineParameterList", []):
        if parameter["Value"].startswith("$") and not is_path(parameter["Value"]):
            yield f"Invalid JSON path in parameter {parameter['Name']} of target {target['Id']}: {parameter['Value']}."


def _input_problems(target: Mapping[str, Any]) -> Iterator[str]:
    if any(member in target for member in INPUT_MEMBERS):
        yield f"Modifying the input for target {target['Id']} is not supported."
