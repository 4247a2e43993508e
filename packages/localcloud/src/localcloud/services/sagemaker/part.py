"""What the parts of the SageMaker service share: calls in process, the end of jobs, tags of resources."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from localcloud.core.refusal import not_implemented
from localcloud.core.service import Service
from localcloud.core.tokens import Tokens

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

JobListener = Callable[[str, str, dict[str, Any]], None]


class Part(Service):
    """A part is a class with operations of its own; ``SageMaker`` inherits them all.

    A part that starts jobs calls ``job_ended`` once for each, whatever the end; one that makes resources with tags
    calls ``tag`` when it creates and ``forget_tags`` when it deletes; a repeatable creation goes through ``tokens``.
    """

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._job_listeners: list[JobListener] = []
        self._tags: dict[str, dict[str, str]] = {}  # by the resource's ARN
        self.tokens = Tokens(cloud.clock)

    def reset(self) -> None:
        super().reset()
        self._tags.clear()
        self.tokens.clear()

    def call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """An operation of this service as a client would call it: faults that were asked for hit it too."""
        if fault := self.cloud.faults.next_call(f"sagemaker.{operation}"):
            raise fault
        if operation not in self.operations:
            raise not_implemented(f"sagemaker.{operation}")
        answer: dict[str, Any] | None = self.operations[operation].method(request)
        return answer or {}

    def on_job_end(self, listener: JobListener) -> None:
        """``listener(kind, name, describe_answer)`` is called under the lock when a job has ended."""
        self._job_listeners.append(listener)

    def job_ended(self, kind: str, name: str, describe_answer: dict[str, Any]) -> None:
        """From any thread; the answer's status is Completed, Failed or Stopped."""
        with self.cloud.lock:
            for listener in self._job_listeners:
                listener(kind, name, describe_answer)

    def tag(self, arn: str, tags: list[dict[str, str]] | None) -> None:
        self._tags[arn] = {tag["Key"]: tag["Value"] for tag in tags or ()}

    def forget_tags(self, arn: str) -> None:
        self._tags.pop(arn, None)
