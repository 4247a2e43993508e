"""The instances of one production variant under one endpoint config: one process of the model server each."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Mapping
from threading import BoundedSemaphore, Condition, Thread
from typing import TYPE_CHECKING, Any

from localcloud.core.disk_space import NO_SPACE, disk_problem, full_disk, is_full
from localcloud.runtime.jobs.model_container import Launcher, Machine
from localcloud.runtime.jobs.model_server import ModelServerError
from localcloud.services.sagemaker.hosting.artifact import Artifact
from localcloud.services.sagemaker.hosting.connections import NotSent
from localcloud.services.sagemaker.hosting.data_capture import DataCapture
from localcloud.services.sagemaker.hosting.fleet_registry import FleetRegistry
from localcloud.services.sagemaker.hosting.instance import Instance, send_to
from localcloud.services.sagemaker.hosting.instance_supervisor import InstanceSupervisor
from localcloud.services.sagemaker.hosting.invocation import FleetStopped, Invocation, InvocationResult
from localcloud.services.sagemaker.hosting.metrics import InvocationMetrics
from localcloud.services.sagemaker.hosting.model_session import ModelSession
from localcloud.services.sagemaker.hosting.startup_barrier import StartupBarrier
from localcloud.services.sagemaker.image_registry import image_problem

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

DOWNLOAD_SECONDS, STARTUP_SECONDS = 1800.0, 480.0  # unless the variant has its own
KILL_SECONDS = 10.0


class Fleet:
    response_seconds = 60.0  # SageMaker's own limit; tests shorten it

    def __init__(
        self,
        cloud: Cloud,
        registry: FleetRegistry,
        *,
        endpoint: str,
        variant: Mapping[str, Any],
        config_name: str,
        container: Mapping[str, Any],
        session: ModelSession,
        capture: DataCapture | None = None,
    ) -> None:
        """``variant`` is the config's ProductionVariant, ``container`` what models.py says of the model's."""
        self.cloud, self.endpoint, self.config_name, self._session = cloud, endpoint, config_name, session
        self.variant_name: str = variant["VariantName"]
        self.capture, self.stopped, self._registry = capture, False, registry
        self._environment: Mapping[str, str] = container.get("Environment", {})
        self._image: str = container.get("Image", "")
        isolated = container.get("EnableNetworkIsolation", False)
        machine = Machine(variant.get("InstanceType", ""), isolated, cloud.model_networks)
        self._resolved: str = container.get("ResolvedImage", self._image)  # which no tag changes
        self._launcher = Launcher.select(os.environ, self._image, cloud.images, machine, self._resolved)
        self.startup_seconds: float = variant.get("ContainerStartupHealthCheckTimeoutInSeconds", STARTUP_SECONDS)
        folder = registry.folder / f"{endpoint}-{self.variant_name}-{secrets.token_hex(4)}"
        download = variant.get("ModelDataDownloadTimeoutInSeconds", DOWNLOAD_SECONDS)
        self._artifact = Artifact(cloud, session, container.get("ModelDataUrl", ""), folder, download)
        self._metrics = InvocationMetrics(cloud, endpoint, self.variant_name, config_name)
        self.supervisors: list[InstanceSupervisor] = []
        self._threads: list[Thread] = []
        self._starting = BoundedSemaphore(os.cpu_count() or 1)
        self._changed = Condition()  # guards the lists, the count of running requests, and instances' busy and turn
        self._running = self._turn = 0

    def start(self, count: int, done: Callable[[str], None]) -> None:
        """Starts ``count`` more instances in the background. ``done`` is called once, under cloud.lock: with "" when
        all answer GET /ping, or with the reason why one cannot. It is not called when the fleet is stopped before."""
        barrier = StartupBarrier(
            count, done, stopped=lambda: self.stopped, lock=self.cloud.lock, counters=self.cloud.counters
        )
        new = [InstanceSupervisor(self._instance, self._start_instance, barrier.report) for _ in range(count)]
        with self._changed:  # a concurrent stop sees the new supervisors, or they never start
            if self.stopped or not self._registry.add(self):
                return
            self.supervisors += new
            for supervisor in new:
                supervisor.start()

    def shrink(self, count: int) -> None:
        """Removes ``count`` instances, first those that do not answer yet; running requests finish."""
        with self._changed:
            staying = [each for each in self.supervisors if not each.leaving.is_set()]
            staying.sort(key=lambda each: each.serving.busy if each.serving else -1)
            for supervisor in staying[:count]:
                supervisor.leaving.set()
                self._background(self._remove, supervisor)

    def stop(self) -> None:
        """Removes all instances; running requests finish. Idempotent; returns at once."""
        with self._changed:
            if not self.stopped:
                self.stopped = True
                self._background(self._drain)

    @property
    def size(self) -> int:
        """Instances that answer now."""
        return sum(1 for each in list(self.supervisors) if each.serving and not each.leaving.is_set())

    @property
    def counts(self) -> dict[str, int]:
        """received = success + 4xx + 5xx + lost (no response) + running."""
        return self._metrics.counts

    def invoke(self, request: Invocation) -> InvocationResult:
        """Blocking, without the lock. FleetStopped when the fleet was stopped: choose again."""
        with self._changed:
            if self.stopped:
                raise FleetStopped(f"the variant {self.variant_name} of {self.config_name} is stopped")
            self._admit()
            self._running += 1
        self._metrics.count_received()
        try:
            result = self._send(request)
            self._record(request, result)
            if self.capture and not result.lost:
                self.capture.record(request, result)
            return result
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify_all()

    def abandon(self) -> None:
        """Stop at once and discard captured data (a reset, under the lock): no process is left when it returns."""
        if self.capture:
            self.capture.discard()
        self._kill()
        for supervisor in self.supervisors:
            supervisor.wait_ended(KILL_SECONDS)
        self._background(self._finish)

    def close(self) -> None:
        """Stop at once and write captured data; no thread is left when it returns. Without the lock."""
        self._kill()
        self._finish()
        for thread in list(self._threads):
            thread.join(timeout=10)

    def _admit(self) -> None:
        """Under the condition: raises when the fleet takes no request now."""

    def _record(self, request: Invocation, result: InvocationResult) -> None:
        self._metrics.record(request, result)
        self._metrics.record_share(self.size)

    def _send(self, request: Invocation) -> InvocationResult:
        """To the least busy instance, and to another one when that one cannot have seen it."""
        attempted: set[Instance] = set()
        while instance := self._acquire(attempted):
            try:
                return send_to(instance, request)
            except NotSent:
                attempted.add(instance)
            finally:
                self._release(instance)
        return InvocationResult(0, b"no instance of the variant is in service")

    def _acquire(self, attempted: set[Instance]) -> Instance | None:
        with self._changed:
            serving = [each.serving for each in self.supervisors if not each.leaving.is_set()]
            candidates = [instance for instance in serving if instance and instance not in attempted]
            if not candidates:
                return None
            instance = min(candidates, key=lambda each: (each.busy, each.turn))
            self._turn += 1
            instance.busy, instance.turn = instance.busy + 1, self._turn
            return instance

    def _release(self, instance: Instance) -> None:
        with self._changed:
            instance.busy -= 1
            self._changed.notify_all()

    def _instance(self) -> Instance:
        return Instance(
            self.cloud, self._session, self.endpoint, self.variant_name, self.response_seconds, self._launcher
        )

    def _start_instance(self, instance: Instance) -> None:
        folder = self.cloud.folder
        try:
            if problem := disk_problem(folder):
                raise ModelServerError(problem)
            self._start_with_model(instance)
        except (ModelServerError, OSError) as error:
            if is_full(error) or NO_SPACE in str(error):
                raise ModelServerError(full_disk(folder)) from None
            raise

    def _start_with_model(self, instance: Instance) -> None:
        self._session.check_pull(self._image)
        model = self._artifact.model()
        if problem := image_problem(self.cloud, self._resolved):
            raise ModelServerError(problem)
        with self._starting:
            try:
                instance.start(model, self._environment, self.startup_seconds)
            except ModelServerError as problem:
                subject = f"The primary container for production variant {self.variant_name}"
                advice = "Please check CloudWatch logs for this endpoint."
                raise ModelServerError(f"{subject} did not pass the ping health check. {advice} ({problem})") from None

    def _remove(self, supervisor: InstanceSupervisor) -> None:
        with self._changed:
            self._changed.wait_for(lambda: not supervisor.serving or not supervisor.serving.busy, self.response_seconds)
        supervisor.kill()
        supervisor.join()
        with self._changed:
            if supervisor in self.supervisors:
                self.supervisors.remove(supervisor)

    def _drain(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: not self._running, self.response_seconds)
        self._kill()
        self._finish()

    def _kill(self) -> None:
        with self._changed:
            self.stopped = True
            supervisors = list(self.supervisors)
        for supervisor in supervisors:
            supervisor.kill()

    def _finish(self) -> None:
        for supervisor in list(self.supervisors):
            supervisor.join()
        if self.capture:
            self.capture.close()
        self._artifact.close()
        self._registry.remove(self)

    def _background(self, function: Callable[..., None], *arguments: Any) -> None:
        thread = Thread(target=function, args=arguments, name="localcloud-fleet", daemon=True)
        self._threads.append(thread)
        thread.start()
