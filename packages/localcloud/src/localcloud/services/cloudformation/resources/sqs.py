"""AWS::SQS::Queue and its policy."""

from __future__ import annotations

import json
from typing import Any

from localcloud.services.cloudformation.functions import text
from localcloud.services.cloudformation.resources.resource_type import Failed, Kind, Place, Properties, Tagging, names

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
}  # what an attribute goes back to; the others go back to nothing
OTHERS = "FifoQueue KmsMasterKeyId RedrivePolicy RedriveAllowPolicy DeduplicationScope FifoThroughputLimit"


class Queue(Kind):
    type = "AWS::SQS::Queue"
    properties = names(f"QueueName Tags {OTHERS} {' '.join(DEFAULTS)}")
    attributes = names("Arn QueueName QueueUrl")

    def create(self, place: Place, properties: Properties) -> str:
        fifo = ".fifo" if properties.get("FifoQueue") else ""
        name = properties.get("QueueName") or place.name(80, fifo)
        if _there(place, name):
            raise Failed(f"{name} already exists")
        tags = {"tags": properties["Tags"]} if properties.get("Tags") else {}
        url: str = place.call("sqs", "CreateQueue", tags, QueueName=name, Attributes=_attributes(properties))[
            "QueueUrl"
        ]
        return url

    def update(self, place: Place, physical_id: str, properties: Properties, before: Properties) -> None:
        after, old = _attributes(properties), _attributes(before)
        gone = {name: DEFAULTS.get(name, "") for name in old if name not in after}
        if changed := gone | {name: value for name, value in after.items() if old.get(name) != value}:
            place.call("sqs", "SetQueueAttributes", QueueUrl=physical_id, Attributes=changed)
        TAGS.update(place, physical_id, properties.get("Tags"), before.get("Tags"))

    def delete(self, place: Place, physical_id: str, properties: Properties) -> None:
        place.call("sqs", "DeleteQueue", QueueUrl=physical_id)

    def told(self, place: Place, physical_id: str, properties: Properties) -> dict[str, Any]:
        name = physical_id.rpartition("/")[2]
        return {"QueueName": name, "QueueUrl": physical_id, "Arn": place.cloud.arn("sqs", name)}


class QueuePolicy(Kind):
    type = "AWS::SQS::QueuePolicy"
    properties = names("Queues PolicyDocument")
    attributes = names("Id")

    def create(self, place: Place, properties: Properties) -> str:
        self.update(place, "", properties, {})
        return place.name(64)

    def update(self, place: Place, physical_id: str, properties: Properties, before: Properties) -> None:
        self._put(place, [queue for queue in before.get("Queues", []) if queue not in properties["Queues"]], "")
        self._put(place, properties["Queues"], json.dumps(properties["PolicyDocument"]))

    def delete(self, place: Place, physical_id: str, properties: Properties) -> None:
        self._put(place, properties["Queues"], "")

    def _put(self, place: Place, queues: list[str], policy: str) -> None:
        for queue in queues:
            place.call("sqs", "SetQueueAttributes", QueueUrl=queue, Attributes={"Policy": policy})

    def told(self, place: Place, physical_id: str, properties: Properties) -> dict[str, Any]:
        return {"Id": physical_id}


def _there(place: Place, name: str) -> bool:
    found = place.call("sqs", "ListQueues", QueueNamePrefix=name).get("QueueUrls", [])
    return name in [url.rpartition("/")[2] for url in found]


def _attributes(properties: Properties) -> dict[str, str]:
    """SQS takes every attribute as a text, structures as JSON."""
    values = {name: value for name, value in properties.items() if name not in ("QueueName", "Tags")}
    return {name: json.dumps(value) if isinstance(value, dict) else text(value) for name, value in values.items()}


KINDS: list[Kind] = [Queue(), QueuePolicy()]
