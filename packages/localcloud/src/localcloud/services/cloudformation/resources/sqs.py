"""AWS::SQS::Queue and AWS::SQS::QueuePolicy."""

from __future__ import annotations

import json
from typing import Any

from localcloud.services.cloudformation.function_syntax import to_text
from localcloud.services.cloudformation.resource_requests import omit
from localcloud.services.cloudformation.resources.resource_type import (
    Context,
    HandlerError,
    Properties,
    ResourceType,
    Tagging,
    names,
)

TAGS = Tagging("sqs", "TagQueue", "UntagQueue", "QueueUrl")
DEFAULTS = {
    "DelaySeconds": "0",
    "MaximumMessageSize": "262144",
    "MessageRetentionPeriod": "345600",
    "ReceiveMessageWaitTimeSeconds": "0",
    "VisibilityTimeout": "30",
    "KmsDataKeyReusePeriodSeconds": "300",
    "ContentBasedDeduplication": "false",
    "SqsManagedSseEnabled": "false",
}  # for attributes that are removed; others are reset to ""
OTHERS = "FifoQueue KmsMasterKeyId RedrivePolicy RedriveAllowPolicy DeduplicationScope FifoThroughputLimit"


class Queue(ResourceType):
    type = "AWS::SQS::Queue"
    properties = names(f"QueueName Tags {OTHERS} {' '.join(DEFAULTS)}")
    attributes = names("Arn QueueName QueueUrl")

    def create(self, context: Context, properties: Properties) -> str:
        fifo = ".fifo" if properties.get("FifoQueue") else ""
        name = properties.get("QueueName") or context.generate_name(80, fifo)
        if context.exists("sqs", "GetQueueUrl", QueueName=name):
            raise HandlerError(f"{name} already exists")
        tags = {"tags": properties["Tags"]} if properties.get("Tags") else {}
        url: str = context.call("sqs", "CreateQueue", tags, QueueName=name, Attributes=_attributes(properties))[
            "QueueUrl"
        ]
        return url

    def update(self, context: Context, physical_id: str, properties: Properties, before: Properties) -> None:
        after, old = _attributes(properties), _attributes(before)
        removed = {name: DEFAULTS.get(name, "") for name in old if name not in after}
        if changed := removed | {name: value for name, value in after.items() if old.get(name) != value}:
            context.call("sqs", "SetQueueAttributes", QueueUrl=physical_id, Attributes=changed)
        TAGS.update(context, physical_id, properties.get("Tags"), before.get("Tags"))

    def delete(self, context: Context, physical_id: str, properties: Properties) -> None:
        context.call("sqs", "DeleteQueue", QueueUrl=physical_id)

    def read_attributes(self, context: Context, physical_id: str, properties: Properties) -> dict[str, Any]:
        name = physical_id.rpartition("/")[2]
        return {"QueueName": name, "QueueUrl": physical_id, "Arn": context.cloud.arn("sqs", name)}


class QueuePolicy(ResourceType):
    type = "AWS::SQS::QueuePolicy"
    properties = names("Queues PolicyDocument")
    attributes = names("Id")

    def create(self, context: Context, properties: Properties) -> str:
        self.update(context, "", properties, {})
        return context.generate_name(64)

    def update(self, context: Context, physical_id: str, properties: Properties, before: Properties) -> None:
        self._set_policy(
            context, [queue for queue in before.get("Queues", []) if queue not in properties["Queues"]], ""
        )
        self._set_policy(context, properties["Queues"], json.dumps(properties["PolicyDocument"]))

    def delete(self, context: Context, physical_id: str, properties: Properties) -> None:
        self._set_policy(context, properties["Queues"], "")

    def _set_policy(self, context: Context, queues: list[str], policy: str) -> None:
        for queue in queues:
            context.call("sqs", "SetQueueAttributes", QueueUrl=queue, Attributes={"Policy": policy})

    def read_attributes(self, context: Context, physical_id: str, properties: Properties) -> dict[str, Any]:
        return {"Id": physical_id}


def _attributes(properties: Properties) -> dict[str, str]:
    """SQS takes every attribute as text, structures as JSON."""
    values = omit(properties, "QueueName", "Tags")
    return {name: json.dumps(value) if isinstance(value, dict) else to_text(value) for name, value in values.items()}


RESOURCE_TYPES: list[ResourceType] = [Queue(), QueuePolicy()]
