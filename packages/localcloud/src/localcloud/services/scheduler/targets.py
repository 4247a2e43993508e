"""What a schedule can invoke: templated targets by the service of their ARN, universal ones by service and operation.

Not reproduced: ECS, Kinesis, Firehose, Inspector, Lambda and Step
Functions as templates (their ``aws-sdk`` form calls as much of them as moto has).
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from localcloud.core.access.principal import Principal
from localcloud.core.arn import Arn
from localcloud.core.cloud import Cloud
from localcloud.core.refusal import NOT_IMPLEMENTED, Refusal
from localcloud.services.events.invocation import DeliveryFailure
from localcloud.services.events.queues import FIFO, Queues
from localcloud.services.scheduler import universal_targets

Target = Mapping[str, Any]
Send = Callable[[Principal, Target, str, str], None]  # as whom, the target, its input, the invocation's id
SERVICE = "scheduler.amazonaws.com"
NOT_TRUSTED = "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."


class ScheduleTargets:
    def __init__(self, cloud: Cloud, queues: Queues) -> None:
        self._cloud, self._queues = cloud, queues
        self._account, self._region = cloud.account, cloud.region
        self._kinds: dict[tuple[str, str], Send] = {
            ("sqs", ""): self._send_message,
            ("sns", ""): self._publish,
            ("events", "event-bus/"): self._put_event,
            ("sagemaker", "pipeline/"): self._start_sagemaker_pipeline,
            ("codepipeline", ""): self._start_pipeline,
            ("codebuild", "project/"): self._start_build,
        }

    def principal(self, target: Target, group: str) -> Principal:
        """The session of the target's role, for schedules of a group, which is given by its ARN."""
        session = uuid.uuid5(uuid.NAMESPACE_URL, group).hex
        return self._cloud.access.assume(target["RoleArn"], session, service=SERVICE, source_arn=group)

    def send(self, principal: Principal, target: Target, text: str, id: str) -> None:
        if universal_targets.is_universal(target["Arn"]):
            universal_targets.call(partial(self._cloud.client_as, principal), target["Arn"], text)
        elif send := self._kind(Arn.parse(target["Arn"])):
            send(principal, target, text, id)

    def check(self, target: Target, group: str) -> None:
        """Refuses what AWS refuses, and what localcloud cannot invoke."""
        if universal_targets.is_universal(target["Arn"]):
            problems = universal_targets.problems(target["Arn"], target.get("Input"))
        else:
            problems = self._template_problems(target)
        for sentence in (*problems, *self._queue_problems(target)):
            raise Refusal("ValidationException", sentence)
        try:
            self.principal(target, group)
        except Refusal:
            raise Refusal("ValidationException", NOT_TRUSTED) from None

    def _template_problems(self, target: Target) -> Iterator[str]:
        try:
            arn = Arn.parse(target["Arn"])
        except ValueError:
            sentence = f"Provided Arn {target['Arn']} is not in correct format."
            raise Refusal("ValidationException", sentence) from None
        if not self._kind(arn):
            kinds = ", ".join(f"{service} {prefix}".strip(" /") for service, prefix in self._kinds)
            sentence = f"localcloud's schedules invoke {kinds} and aws-sdk targets; not {target['Arn']}."
            raise Refusal(NOT_IMPLEMENTED, sentence)
        yield from self._place_problems(arn, f"Target {target['Arn']}")
        yield from _member_problems(arn, target)

    def _queue_problems(self, target: Target) -> Iterator[str]:
        queue = target.get("DeadLetterConfig", {}).get("Arn")
        if queue:
            yield from self._place_problems(Arn.parse(queue), f"DeadLetterConfig {queue}")

    def _place_problems(self, arn: Arn, what: str) -> Iterator[str]:
        if (arn.region, arn.account) != (self._region, self._account):
            here = f"account {self._account}, region {self._region}"
            yield f"{what} is somewhere else: this localcloud is {here}."

    def _kind(self, arn: Arn) -> Send | None:
        kinds = self._kinds.items()
        matching = (
            send for (service, prefix), send in kinds if service == arn.service and arn.resource.startswith(prefix)
        )
        return next(matching, None)

    def _send_message(self, principal: Principal, target: Target, text: str, _: str) -> None:
        self._queues.send_to_target(principal, target, text)

    def _publish(self, principal: Principal, target: Target, text: str, _: str) -> None:
        self._cloud.client_as(principal, "sns").publish(TopicArn=target["Arn"], Message=text)

    def _put_event(self, principal: Principal, target: Target, text: str, _: str) -> None:
        entry = {**target["EventBridgeParameters"], "Detail": text, "EventBusName": target["Arn"]}
        response = self._cloud.client_as(principal, "events").put_events(Entries=[entry])
        if response["FailedEntryCount"]:
            (result,) = response["Entries"]
            raise DeliveryFailure(result["ErrorCode"], result["ErrorMessage"])

    def _start_sagemaker_pipeline(self, principal: Principal, target: Target, _: str, id: str) -> None:
        """The token makes attempts idempotent."""
        parameters = target.get("SageMakerPipelineParameters", {}).get("PipelineParameterList", [])
        self._cloud.client_as(principal, "sagemaker").start_pipeline_execution(
            PipelineName=_name(target), PipelineParameters=parameters, ClientRequestToken=id
        )

    def _start_pipeline(self, principal: Principal, target: Target, _: str, id: str) -> None:
        self._cloud.client_as(principal, "codepipeline").start_pipeline_execution(
            name=_name(target), clientRequestToken=id
        )

    def _start_build(self, principal: Principal, target: Target, _: str, id: str) -> None:
        self._cloud.client_as(principal, "codebuild").start_build(projectName=_name(target), idempotencyToken=id)


def _member_problems(arn: Arn, target: Target) -> Iterator[str]:
    if arn.service == "events":
        if "EventBridgeParameters" not in target:
            yield "EventBridgeParameters must be specified for the target EventBridge PutEvents."
        if "Input" in target and not _is_object(target["Input"]):
            yield "Input for the target EventBridge PutEvents must be a JSON object."
    if arn.resource.endswith(FIFO) and not target.get("SqsParameters", {}).get("MessageGroupId"):
        yield "SqsParameters with a MessageGroupId must be specified for a FIFO queue."


def _name(target: Target) -> str:
    return Arn.parse(target["Arn"]).name


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False
