"""The instances of one production variant under one endpoint config: one process of the model server each."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Mapping
from threading import BoundedSemaphore, Condition, Thread
from typing import TYPE_CHECKING, Any

from localcloud.runtime.jobs.model_server import CannotServe
from localcloud.services.sagemaker.hosting.artifact import Artifact
from localcloud.services.sagemaker.hosting.connections import NoAnswer, NotSent
from localcloud.services.sagemaker.hosting.data_capture import Capture
from localcloud.services.sagemaker.hosting.fleet_registry import desk
from localcloud.services.sagemaker.hosting.instance import Instance
from localcloud.services.sagemaker.hosting.instance_supervisor import Keeper
from localcloud.services.sagemaker.hosting.invocation import Answer, Gone, Invocation
from localcloud.services.sagemaker.hosting.metrics import Measures
from localcloud.services.sagemaker.hosting.startup_barrier import Batch

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

DOWNLOAD_SECONDS, STARTUP_SECONDS = 1800.0, 480.0  # when the variant does not say
KILLED_SECONDS = 10.0
FOLDER = "endpoints"  # of unpacked models, in the cloud's own


class Fleet:
    answer_seconds = 60.0  # SageMaker's own; a test's are shorter

    def __init__(
        self,
        cloud: Cloud,
        *,
        endpoint: str,
        variant: Mapping[str, Any],
        config_name: str,
        container: Mapping[str, Any],
        role_arn: str,
        capture: Capture | None = None,
    ) -> None:
        """``variant`` is the config's ProductionVariant, ``container`` has Image, ModelDataUrl, Environment."""
        self.cloud, self.endpoint, self.config_name, self.role_arn = cloud, endpoint, config_name, role_arn
        self.variant_name: str = variant["VariantName"]
        self.capture, self.stopped = capture, False
        self._environment: Mapping[str, str] = container.get("Environment", {})
        self._image = cloud.images.find(container.get("Image", ""))
        self._startup = variant.get("ContainerStartupHealthCheckTimeoutInSeconds", STARTUP_SECONDS)
        folder = cloud.folder / FOLDER / f"{endpoint}-{self.variant_name}-{secrets.token_hex(4)}"
        download = variant.get("ModelDataDownloadTimeoutInSeconds", DOWNLOAD_SECONDS)
        self._artifact = Artifact(cloud, container.get("ModelDataUrl", ""), folder, download)
        self._measures = Measures(cloud, endpoint, self.variant_name, config_name)
        self._keepers: list[Keeper] = []
        self._threads: list[Thread] = []
        self._starting = BoundedSemaphore(os.cpu_count() or 1)
        self._changed = Condition()  # guards the lists, what runs, and instances' busy and turn
        self._running = self._turn = 0

    def start(self, count: int, done: Callable[[str], None]) -> None:
        """``count`` more instances, in the background. ``done`` is called once, under cloud.lock: "" when ALL answer
        GET /ping, or why one cannot. It is not called when the fleet is stopped before that."""
        batch = Batch(self, count, done)
        new = [Keeper(self._instance, self._begin, batch.told) for _ in range(count)]
        with self._changed:  # who ends the fleet sees these, or they never begin
            if self.stopped or not desk(self.cloud).enter(self):
                return
            self._keepers += new
            for keeper in new:
                keeper.start()

    def shrink(self, count: int) -> None:
        """So many instances leave, those first that do not answer yet; running requests finish."""
        with self._changed:
            staying = [keeper for keeper in self._keepers if not keeper.leaving.is_set()]
            staying.sort(key=lambda keeper: keeper.serving.busy if keeper.serving else -1)
            for keeper in staying[:count]:
                keeper.leaving.set()
                self._background(self._dismiss, keeper)

    def stop(self) -> None:
        """All leave; running requests finish. Idempotent; returns at once."""
        with self._changed:
            if not self.stopped:
                self.stopped = True
                self._background(self._drain)

    @property
    def size(self) -> int:
        """Instances that answer now."""
        return sum(1 for keeper in list(self._keepers) if keeper.serving and not keeper.leaving.is_set())

    @property
    def counts(self) -> dict[str, int]:
        """received = answered + refused (4XX) + failed (5XX) + lost (no answer) + running."""
        return self._measures.counts

    def invoke(self, request: Invocation) -> Answer:
        """Blocking, without the lock. Gone when the fleet was stopped: choose again."""
        with self._changed:
            if self.stopped:
                raise Gone(f"the variant {self.variant_name} of {self.config_name} is gone")
            self._running += 1
        self._measures.received()
        try:
            answer = self._ask(request)
            self._measures.done(request, answer, self.size)
            if self.capture and not answer.lost:
                self.capture.note(request, answer)
            return answer
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify_all()

    def abandon(self) -> None:
        """At once, nothing is kept (a reset, under the lock): no process is left when it returns."""
        if self.capture:
            self.capture.forget()
        self._kill()
        for keeper in self._keepers:
            keeper.wait_ended(KILLED_SECONDS)
        self._background(self._finish)

    def close(self) -> None:
        """At once; what was captured is written, no thread is left. Without the lock."""
        self._kill()
        self._finish()
        for thread in list(self._threads):
            thread.join(timeout=10)

    def _ask(self, request: Invocation) -> Answer:
        """Of the least busy instance, and of another when that one cannot have seen it."""
        tried: set[Instance] = set()
        while instance := self._take(tried):
            began = time.perf_counter()
            try:
                reply = instance.ask(request)
                seconds = time.perf_counter() - began
                return Answer(reply.status, reply.body, *reply[1:3], instance.stream, seconds)
            except NotSent:
                tried.add(instance)
            except NoAnswer as problem:
                seconds = time.perf_counter() - began
                return Answer(0, str(problem).encode(), stream=instance.stream, seconds=seconds)
            finally:
                with self._changed:
                    instance.busy -= 1
                    self._changed.notify_all()
        return Answer(0, b"no instance of the variant is in service")

    def _take(self, tried: set[Instance]) -> Instance | None:
        with self._changed:
            there = [keeper.serving for keeper in self._keepers if not keeper.leaving.is_set()]
            free = [instance for instance in there if instance and instance not in tried]
            if not free:
                return None
            instance = min(free, key=lambda each: (each.busy, each.turn))
            self._turn += 1
            instance.busy, instance.turn = instance.busy + 1, self._turn
            return instance

    def _instance(self) -> Instance:
        return Instance(self.cloud, self.endpoint, self.variant_name, self.answer_seconds, self._image)

    def _begin(self, instance: Instance) -> None:
        model = self._artifact.model()
        with self._starting:
            try:
                instance.start(model, self._environment, self._startup)
            except CannotServe as problem:
                who = f"The primary container for production variant {self.variant_name}"
                advice = "Please check CloudWatch logs for this endpoint."
                raise CannotServe(f"{who} did not pass the ping health check. {advice} ({problem})") from None

    def _dismiss(self, keeper: Keeper) -> None:
        with self._changed:
            self._changed.wait_for(lambda: not keeper.serving or not keeper.serving.busy, self.answer_seconds)
        keeper.kill()
        keeper.join()
        with self._changed:
            if keeper in self._keepers:
                self._keepers.remove(keeper)

    def _drain(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: not self._running, self.answer_seconds)
        self._kill()
        self._finish()

    def _kill(self) -> None:
        with self._changed:
            self.stopped = True
            there = list(self._keepers)
        for keeper in there:
            keeper.kill()

    def _finish(self) -> None:
        for keeper in list(self._keepers):
            keeper.join()
        if self.capture:
            self.capture.close()
        self._artifact.close()
        desk(self.cloud).leave(self)

    def _background(self, function: Callable[..., None], *arguments: Any) -> None:
        thread = Thread(target=function, args=arguments, name="localcloud-fleet", daemon=True)
        self._threads.append(thread)
        thread.start()
