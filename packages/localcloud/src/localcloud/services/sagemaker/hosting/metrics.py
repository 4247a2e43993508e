"""What CloudWatch hears of each invocation, and how a fleet's requests add up."""

from __future__ import annotations

from collections import Counter
from threading import Lock
from time import perf_counter
from typing import TYPE_CHECKING

from localcloud.services.sagemaker.hosting.invocation import Answer, Invocation

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

NAMESPACE, COUNT, TIME = "AWS/SageMaker", "Count", "Microseconds"
KINDS = ("answered", "refused", "failed", "lost")


class Measures:
    """Of one fleet. An invocation that no model answered counts as a 5XX, so that alarms see it."""

    def __init__(self, cloud: Cloud, endpoint: str, variant: str, config_name: str) -> None:
        self.cloud = cloud
        self._both = {"EndpointName": endpoint, "VariantName": variant}
        self._dimensions = (self._both, {**self._both, "EndpointConfigName": config_name})
        self._counter: Counter[str] = Counter()
        self._lock = Lock()

    def received(self) -> None:
        with self._lock:
            self._counter["received"] += 1

    def done(self, request: Invocation, answer: Answer, size: int) -> None:
        with self._lock:
            self._counter[_kind(answer)] += 1
        at = self.cloud.clock.now()
        overhead = max(0.0, perf_counter() - request.began - answer.seconds)
        told = [
            ("Invocations", 1.0, COUNT),
            ("Invocation4XXErrors", float(400 <= answer.status < 500), COUNT),
            ("Invocation5XXErrors", float(answer.status >= 500 or answer.lost), COUNT),
            ("OverheadLatency", overhead * 1e6, TIME),
        ]
        if answer.stream:  # a model was asked
            told.append(("ModelLatency", answer.seconds * 1e6, TIME))
        for name, value, unit in told:
            for dimensions in self._dimensions:
                self.cloud.metric(NAMESPACE, name, value, dimensions, unit, at)
        self.cloud.metric(NAMESPACE, "InvocationsPerInstance", 1 / max(1, size), self._both, COUNT, at)

    @property
    def counts(self) -> dict[str, int]:
        """received = answered + refused (4XX) + failed (5XX) + lost (no answer) + running."""
        with self._lock:
            counts = {kind: self._counter[kind] for kind in ("received", *KINDS)}
        return {**counts, "running": counts["received"] - sum(counts[kind] for kind in KINDS)}


def _kind(answer: Answer) -> str:
    if answer.lost:
        return "lost"
    return "answered" if answer.status < 400 else "refused" if answer.status < 500 else "failed"
