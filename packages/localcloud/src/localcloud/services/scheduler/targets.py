"""What a schedule can invoke: templated targets by the service of their ARN, universal ones by service and operation.

Not reproduced: what a role may do (every call is permitted), ECS, Kinesis, Firehose, Inspector, Lambda and Step
Functions as templates (their ``aws-sdk`` form calls whatever of them answers here).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from localcloud.core.refusal import Refusal
from localcloud.services.events.senders import FIFO, queue_url
from localcloud.services.events.targets import Arn, Undelivered
from localcloud.services.scheduler import universal_targets

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

Target = Mapping[str, Any]
Send = Callable[["Cloud", Target, str, str], None]  # the cloud, the target, its input, the invocation's id


def _send_message(cloud: Cloud, target: Target, text: str, _: str) -> None:
    group = target.get("SqsParameters", {}) if target["Arn"].endswith(FIFO) else {}
    cloud.client("sqs").send_message(QueueUrl=queue_url(cloud, target["Arn"]), MessageBody=text, **group)


def _publish(cloud: Cloud, target: Target, text: str, _: str) -> None:
    cloud.client("sns").publish(TopicArn=target["Arn"], Message=text)


def _put_event(cloud: Cloud, target: Target, text: str, _: str) -> None:
    entry = {**target["EventBridgeParameters"], "Detail": text, "EventBusName": target["Arn"]}
    answer = cloud.client("events").put_events(Entries=[entry])
    if answer["FailedEntryCount"]:
        (told,) = answer["Entries"]
        raise Undelivered(told["ErrorCode"], told["ErrorMessage"])


def _start_sagemaker_pipeline(cloud: Cloud, target: Target, _: str, id: str) -> None:
    """The token makes a repeated attempt start nothing twice."""
    parameters = target.get("SageMakerPipelineParameters", {}).get("PipelineParameterList", [])
    cloud.client("sagemaker").start_pipeline_execution(
        PipelineName=_name(target), PipelineParameters=parameters, ClientRequestToken=id
    )


def _start_pipeline(cloud: Cloud, target: Target, _: str, id: str) -> None:
    cloud.client("codepipeline").start_pipeline_execution(name=target["Arn"].split(":")[5], clientRequestToken=id)


def _start_build(cloud: Cloud, target: Target, _: str, id: str) -> None:
    cloud.client("codebuild").start_build(projectName=_name(target), idempotencyToken=id)


KINDS: dict[tuple[str, str], Send] = {
    ("sqs", ""): _send_message,
    ("sns", ""): _publish,
    ("events", "event-bus/"): _put_event,
    ("sagemaker", "pipeline/"): _start_sagemaker_pipeline,
    ("codepipeline", ""): _start_pipeline,
    ("codebuild", "project/"): _start_build,
}


def send(cloud: Cloud, target: Target, text: str, id: str) -> None:
    if universal_targets.is_universal(target["Arn"]):
        universal_targets.call(cloud, target["Arn"], text)
        return
    kind = _kind(Arn.of(target["Arn"]))
    if kind:
        kind(cloud, target, text, id)


def check(cloud: Cloud, target: Target) -> None:
    """Refuses what AWS refuses, and what localcloud cannot invoke."""
    arn = Arn.of(target["Arn"])
    if universal_targets.is_universal(target["Arn"]):
        problems = universal_targets.problems(target["Arn"], target.get("Input"))
    elif not arn:
        raise Refusal("ValidationException", f"Provided Arn {target['Arn']} is not in correct format.")
    elif not _kind(arn):
        served = ", ".join(f"{service} {prefix}".strip(" /") for service, prefix in KINDS)
        sentence = f"localcloud's schedules invoke {served} and aws-sdk targets; not {target['Arn']}."
        raise Refusal("NotImplementedByLocalcloud", sentence)
    else:
        problems = _problems(cloud, arn, target)
    for sentence in (*problems, *_queue_problems(cloud, target)):
        raise Refusal("ValidationException", sentence)


def _problems(cloud: Cloud, arn: Arn, target: Target) -> Iterator[str]:
    yield from _elsewhere(cloud, arn, f"Target {target['Arn']}")
    if arn.service == "events":
        if "EventBridgeParameters" not in target:
            yield "EventBridgeParameters must be specified for the target EventBridge PutEvents."
        if "Input" in target and not is_object(target["Input"]):
            yield "Input for the target EventBridge PutEvents must be a JSON object."
    if arn.resource.endswith(FIFO) and not target.get("SqsParameters", {}).get("MessageGroupId"):
        yield "SqsParameters with a MessageGroupId must be specified for a FIFO queue."


def _queue_problems(cloud: Cloud, target: Target) -> Iterator[str]:
    queue = target.get("DeadLetterConfig", {}).get("Arn")
    if queue and (arn := Arn.of(queue)):
        yield from _elsewhere(cloud, arn, f"DeadLetterConfig {queue}")


def _elsewhere(cloud: Cloud, arn: Arn, what: str) -> Iterator[str]:
    if (arn.region, arn.account) != (cloud.region, cloud.account):
        yield f"{what} is somewhere else: this localcloud is account {cloud.account}, region {cloud.region}."


def _kind(arn: Arn | None) -> Send | None:
    fitting = (
        send
        for (service, prefix), send in KINDS.items()
        if arn and service == arn.service and arn.resource.startswith(prefix)
    )
    return next(fitting, None)


def _name(target: Target) -> str:
    return str(target["Arn"]).rpartition("/")[2]


def is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False
