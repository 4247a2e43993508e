"""A serverless variant: its containers serve one request each, start when a request needs one, and end when idle.

Those of its provisioned concurrency are kept warm, and used first; what they cannot take spills over to the others.
A new variant shows once that its container starts, as on AWS, and then has none until the first request.

Not reproduced: the memory of a container; that AWS starts and keeps containers as it sees fit (here one ends after five
minutes without a request). AWS does not document the metrics of a throttled request: here it counts for the
utilization alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from localcloud.runtime.jobs.model_server import ModelServerError
from localcloud.services.sagemaker.hosting.connections import NotSent
from localcloud.services.sagemaker.hosting.container_pool import ContainerPool
from localcloud.services.sagemaker.hosting.fleet import KILL_SECONDS, Fleet
from localcloud.services.sagemaker.hosting.instance import Instance, send_to
from localcloud.services.sagemaker.hosting.invocation import Invocation, InvocationResult, Throttled
from localcloud.services.sagemaker.hosting.metrics import COUNT, TIME, Datum

SERVERLESS = "ServerlessConfig"
PROVISIONED = "ServerlessProvisionedConcurrency"  # how the names of its metrics begin
NO_UNIT = "None"


class ServerlessFleet(Fleet):
    idle_seconds = 300.0  # by the cloud's clock

    def __init__(self, *arguments: Any, variant: Mapping[str, Any], **more: Any) -> None:
        super().__init__(*arguments, variant=variant, **more)
        config = variant[SERVERLESS]
        self.max_concurrency: int = config["MaxConcurrency"]
        self.provisioned: int = config.get("ProvisionedConcurrency", 0)
        self._pool = ContainerPool(self.cloud.clock, self.idle_seconds)
        self._in_service = False

    def start(self, count: int, done: Callable[[str], None]) -> None:
        """Its provisioned concurrency, or one container that only shows that it starts (``count`` is 1)."""

        def on_started(failure: str) -> None:
            self._in_service = not failure
            if not self.provisioned:
                self.shrink(count)
            done(failure)

        super().start(self.provisioned or count, on_started)

    def resize(self, update: Mapping[str, int], done: Callable[[str], None]) -> None:
        """By a ServerlessUpdateConfig. ``done`` is called once, with "" or the reason why it stays as it is."""
        before, after = self.provisioned, update.get("ProvisionedConcurrency", self.provisioned)

        def on_started(failure: str) -> None:
            if failure:
                self.shrink(after - before)
            else:
                self._apply(update)
            done(failure)

        if after > before:
            super().start(after - before, on_started)
        else:
            self.shrink(before - after)
            self._apply(update)
            done("")

    @property
    def size(self) -> int:
        """1 when it takes requests: how many containers it has says nothing about that."""
        return int(self._in_service and not self.stopped)

    @property
    def warm(self) -> int:
        """Containers that run, provisioned or not."""
        return super().size + self._pool.size

    def invoke(self, request: Invocation) -> InvocationResult:
        """Raises Throttled, too."""
        try:
            return super().invoke(request)
        except Throttled:
            self._metrics.publish([_utilization(1.0)])
            raise

    def abandon(self) -> None:
        super().abandon()
        self._pool.wait_ended(KILL_SECONDS)

    def _apply(self, update: Mapping[str, int]) -> None:
        self.max_concurrency = update.get("MaxConcurrency", self.max_concurrency)
        self.provisioned = update.get("ProvisionedConcurrency", self.provisioned)

    def _admit(self) -> None:
        if self._running >= self.max_concurrency:
            raise Throttled

    def _record(self, request: Invocation, result: InvocationResult) -> None:
        self._metrics.record(request, result)

    def _send(self, request: Invocation) -> InvocationResult:
        self._metrics.publish([_utilization(self._running / self.max_concurrency)])
        if container := self._free_provisioned():
            try:
                self._metrics.publish(self._provisioned_data())
                return send_to(container, request)
            except NotSent:
                pass  # its supervisor replaces it
            finally:
                self._release(container)
        if self.provisioned:
            self._metrics.publish([(f"{PROVISIONED}SpilloverInvocations", 1.0, COUNT)])
        return self._send_on_demand(request)

    def _free_provisioned(self) -> Instance | None:
        with self._changed:
            serving = (each.serving for each in self.supervisors if not each.leaving.is_set())
            container = next((each for each in serving if each and not each.busy), None)
            if container:
                container.busy += 1
            return container

    def _provisioned_data(self) -> Iterator[Datum]:
        """Of a request that one of them takes."""
        busy = sum(each.serving.busy for each in list(self.supervisors) if each.serving)
        yield f"{PROVISIONED}Invocations", 1.0, COUNT
        yield f"{PROVISIONED}Executions", float(busy), COUNT
        yield f"{PROVISIONED}Utilization", min(1.0, busy / max(1, self.provisioned)), NO_UNIT

    def _send_on_demand(self, request: Invocation) -> InvocationResult:
        while container := self._pool.take():
            try:
                return self._send_to_pooled(container, request)
            except NotSent:  # it ended while it was idle
                self._pool.discard(container)
        return self._start_and_send(request)

    def _start_and_send(self, request: Invocation) -> InvocationResult:
        """A cold start."""
        container, began = self._instance(), time.perf_counter()
        self._pool.add(container)
        try:
            self._start_instance(container)
            self._metrics.publish([("ModelSetupTime", (time.perf_counter() - began) * 1e6, TIME)])
            return self._send_to_pooled(container, request)
        except (ModelServerError, NotSent, OSError) as problem:
            self._pool.discard(container)
            return InvocationResult(0, str(problem).encode(), stream=container.stream)

    def _send_to_pooled(self, container: Instance, request: Invocation) -> InvocationResult:
        """One that does not respond is not used again."""
        result = send_to(container, request)
        if result.lost:
            self._pool.discard(container)
        else:
            self._pool.give_back(container)
        return result

    def _kill(self) -> None:
        super()._kill()
        self._pool.kill()

    def _finish(self) -> None:
        self._pool.close()
        super()._finish()


def _utilization(value: float) -> Datum:
    return "ServerlessConcurrentExecutionsUtilization", value, NO_UNIT


def new_fleet(*arguments: Any, variant: Mapping[str, Any], **more: Any) -> Fleet:
    """Of the kind that the variant names."""
    kind = ServerlessFleet if SERVERLESS in variant else Fleet
    return kind(*arguments, variant=variant, **more)
