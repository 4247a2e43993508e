"""The CloudWatch metrics of invocations, and a fleet's counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from threading import Lock
from time import perf_counter
from typing import TYPE_CHECKING

from localcloud.services.sagemaker.hosting.invocation import Invocation, InvocationResult

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

NAMESPACE, COUNT, TIME = "AWS/SageMaker", "Count", "Microseconds"
Datum = tuple[str, float, str]  # name, value, unit
SUCCESS, CLIENT_ERROR, SERVER_ERROR, LOST = "success", "4xx", "5xx", "lost"


class InvocationMetrics:
    """Of one fleet. An invocation without a response counts as a 5XX, so that alarms notice it."""

    def __init__(self, cloud: Cloud, endpoint: str, variant: str, config_name: str) -> None:
        self.cloud = cloud
        self._variant = {"EndpointName": endpoint, "VariantName": variant}
        self._dimensions = (self._variant, {**self._variant, "EndpointConfigName": config_name})
        self._counter: Counter[str] = Counter()
        self._lock = Lock()

    def count_received(self) -> None:
        with self._lock:
            self._counter["received"] += 1

    def record(self, request: Invocation, result: InvocationResult) -> None:
        with self._lock:
            self._counter[_kind(result)] += 1
        self.publish(_data(request, result))

    def record_share(self, size: int) -> None:
        """Of one invocation, among so many instances."""
        at = self.cloud.clock.now()
        self.cloud.metric(NAMESPACE, "InvocationsPerInstance", 1 / max(1, size), self._variant, COUNT, at)

    def publish(self, data: Iterable[Datum]) -> None:
        at = self.cloud.clock.now()
        for name, value, unit in data:
            for dimensions in self._dimensions:
                self.cloud.metric(NAMESPACE, name, value, dimensions, unit, at)

    @property
    def counts(self) -> dict[str, int]:
        """received = success + 4xx + 5xx + lost (no response) + running."""
        kinds = (SUCCESS, CLIENT_ERROR, SERVER_ERROR, LOST)
        with self._lock:
            counts = {kind: self._counter[kind] for kind in ("received", *kinds)}
        return {**counts, "running": counts["received"] - sum(counts[kind] for kind in kinds)}


def _data(request: Invocation, result: InvocationResult) -> Iterator[Datum]:
    yield "Invocations", 1.0, COUNT
    yield "Invocation4XXErrors", float(_kind(result) == CLIENT_ERROR), COUNT
    yield "Invocation5XXErrors", float(_kind(result) in (SERVER_ERROR, LOST)), COUNT
    yield "OverheadLatency", max(0.0, perf_counter() - request.received - result.seconds) * 1e6, TIME
    if result.stream:  # a model got the request
        yield "ModelLatency", result.seconds * 1e6, TIME


def _kind(result: InvocationResult) -> str:
    if result.lost:
        return LOST
    return SUCCESS if result.status < 400 else CLIENT_ERROR if result.status < 500 else SERVER_ERROR
