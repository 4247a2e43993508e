"""The composition: one clock, one lock, our services, and what they share. ``Server`` puts it on the wire.

moto keeps its state per process: there is one Cloud at a time in a process, and a new one begins empty.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from pathlib import Path
from threading import Lock, RLock
from typing import Any, TypeVar

from localcloud.core import client_environment, moto_backends
from localcloud.core.clock import Clock
from localcloud.core.counters import DEFECTS, Counters
from localcloud.core.events_and_metrics import Signals
from localcloud.core.faults import Faults
from localcloud.core.log_writer import LogWriter
from localcloud.core.service import Service
from localcloud.core.workers import Workers
from localcloud.runtime.process_registry import ProcessRegistry

S = TypeVar("S", bound=Service)
Kind = type[Service] | str

SERVICES = [
    "localcloud.services.sagemaker.service:SageMaker",
    "localcloud.services.sagemaker_runtime.service:SageMakerRuntime",
    "localcloud.services.events.service:Events",
    "localcloud.services.scheduler.service:Scheduler",
    "localcloud.services.cloudwatch.service:CloudWatch",
    "localcloud.services.autoscaling.service:AutoScaling",
    "localcloud.services.codebuild.service:CodeBuild",
    "localcloud.services.codepipeline.service:CodePipeline",
    "localcloud.services.codecommit.service:CodeCommit",
    "localcloud.services.codeconnections.service:CodeConnections",
    "localcloud.services.codeconnections.service:CodeStarConnections",
    "localcloud.services.cloudformation.service:CloudFormation",
]  # "module:Class" of each service of ours; a new one is added here and nowhere else
ACCOUNT, REGION = "000000000000", "eu-west-1"
LAST_MOMENTS = 10.0


class Cloud:
    def __init__(
        self,
        folder: Path,
        *,
        clock: Clock | None = None,
        account: str = ACCOUNT,
        region: str = REGION,
        services: Sequence[Kind] | None = None,
    ) -> None:
        self.folder, self.account, self.region = folder, account, region
        self.url = ""  # once a Server listens
        self.guard_url = ""  # once a Guard does
        self.certificate = folder / "ca.pem"  # who vouches for AWS's hosts as the guard plays them
        self.clock = clock or Clock()
        self.lock = RLock()
        self.counters = Counters()
        self.clock.on_defect = lambda: self.counters.count(DEFECTS)
        self.processes = ProcessRegistry(folder / "processes")
        self.faults = Faults(self.processes)
        self.signals = Signals(self)
        self.workers = Workers(self.counters)
        self.logs = LogWriter(self)
        self.on_event, self.on_metric = self.signals.on_event, self.signals.on_metric
        self.emit, self.metric, self.log = self.signals.emit, self.signals.metric, self.logs.write
        self.furnish: Callable[..., str] = lambda **_: ""  # puts in what an account has from the beginning
        self._clients: dict[str, Any] = {}
        self._clients_lock = Lock()
        folder.mkdir(parents=True, exist_ok=True)
        moto_backends.reset()
        self.services: dict[str, Service] = {}
        for kind in SERVICES if services is None else services:
            service = _load(kind)(self)
            self.services[service.name] = service
        self._open = list(self.services.values())

    def service(self, kind: type[S]) -> S:
        """Another service of ours, to be called in process."""
        found = self.services[kind.name]
        if not isinstance(found, kind):
            raise TypeError(f"{kind.name} is served by {type(found).__name__}, not by {kind.__name__}")
        return found

    def work(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """On another thread, soon. For what takes milliseconds to seconds; a defect in it is counted as a 500."""
        return self.workers.submit(function, *arguments)

    def client(self, service: str) -> Any:
        """boto3's client to ourselves, over HTTP: S3, SQS, SNS of moto, or our own. Never under the lock."""
        with self._clients_lock:
            if service not in self._clients:
                self._clients[service] = client_environment.client(self, service)
            return self._clients[service]

    def moto(self, service: str) -> AbstractContextManager[Any]:
        """moto's backend of a service, in process: ``with cloud.moto("sqs") as sqs: sqs.send_message(...)``."""
        return moto_backends.backend(service, self.account, self.region)

    def environment(self) -> dict[str, str]:
        """The variables that make any AWS tool or SDK of a child process talk to us, and to nobody else."""
        return client_environment.variables(self.url, self.region, self.guard_url, self.certificate)

    def arn(self, service: str, resource: str) -> str:
        return f"arn:aws:{service}:{self.region}:{self.account}:{resource}"

    def reset(self) -> None:
        """As after ``up``: our state, moto's, faults, what is not yet written. Counters and the clock go on."""
        with self.lock:
            for service in self.services.values():
                service.reset()
            self.faults.clear()
            self.signals.forget()
        self.logs.flush()
        moto_backends.reset()
        self.furnish(emptied=True)

    def close_services(self) -> None:
        """First, while the server still answers what they, or work that a reset stopped, ask in their last moments."""
        while self._open:
            self._open.pop().close()
        self.workers.settle(LAST_MOMENTS)

    def close(self) -> None:
        """No thread and no process of ours is left afterwards."""
        self.close_services()
        self.clock.close()
        self.workers.close()
        self.processes.end_own()
        self.logs.close()
        for client in self._clients.values():
            client.close()


def _load(kind: Kind) -> type[Service]:
    if not isinstance(kind, str):
        return kind
    module, name = kind.split(":")
    loaded: type[Service] = getattr(importlib.import_module(module), name)
    return loaded
