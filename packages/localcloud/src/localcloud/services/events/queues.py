"""Messages to SQS queues, by the queue's ARN: for targets that are queues, and for dead letters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localcloud.core.access.principal import Principal
from localcloud.core.arn import Arn
from localcloud.core.cloud import Cloud

FIFO = ".fifo"


class Queues:
    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def send(self, principal: Principal, arn: str, body: str, **parameters: Any) -> None:
        url = f"{self._cloud.url}/{self._cloud.account}/{Arn.parse(arn).resource}"
        self._cloud.client_as(principal, "sqs").send_message(QueueUrl=url, MessageBody=body, **parameters)

    def send_to_target(self, principal: Principal, target: Mapping[str, Any], body: str) -> None:
        """A FIFO queue needs content-based deduplication, as on AWS: EventBridge sends no deduplication id."""
        group = target.get("SqsParameters", {}) if target["Arn"].endswith(FIFO) else {}
        self.send(principal, target["Arn"], body, **group)
