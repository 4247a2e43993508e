"""What services are given: one clock, one lock, events, metrics, logs, and each other. It knows no service by type.

moto keeps its state per process: there is one Cloud at a time in a process, and a new one begins empty.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager
from pathlib import Path
from threading import RLock
from typing import Any, TypeVar

from localcloud.core import client_environment, moto_backends
from localcloud.core.access.access import Access
from localcloud.core.access.credentials import LONGEST_SESSION_SECONDS, Credentials
from localcloud.core.access.principal import Principal
from localcloud.core.access.process_keys import ProcessKeys
from localcloud.core.clients import Clients
from localcloud.core.clock import Clock
from localcloud.core.counters import DEFECTS, Counters
from localcloud.core.events import EventEmitter
from localcloud.core.faults import Faults
from localcloud.core.log_writer import LogWriter
from localcloud.core.metrics import MetricEmitter
from localcloud.core.seed import ACCOUNT, REGION
from localcloud.core.workers import Workers
from localcloud.runtime.jobs.images import Images
from localcloud.runtime.jobs.model_networks import ModelNetworks
from localcloud.runtime.process_registry import ProcessRegistry

S = TypeVar("S")
CLOSING_SECONDS = 10.0


class Cloud:
    def __init__(
        self,
        folder: Path,
        *,
        clock: Clock | None = None,
        account: str = ACCOUNT,
        region: str = REGION,
        enforced: bool = False,
    ) -> None:
        """``enforced``: every call by a role is decided as IAM decides."""
        self.folder, self.account, self.region = folder, account, region
        self.url = ""  # once a Server listens
        self.control_key = secrets.token_urlsafe(32)  # of its control plane
        self.proxy_url = ""  # once a EgressProxy does
        self.certificate = folder / "ca.pem"  # of the authority that signs for AWS's hosts behind the proxy
        self.clock = clock or Clock()
        self.lock = RLock()
        self.counters = Counters()
        self.clock.on_defect = lambda: self.counters.count(DEFECTS)
        self.processes = ProcessRegistry(folder / "processes")
        self.images = Images()  # what stands for the images of jobs and models
        self.model_networks = ModelNetworks(folder)  # of models in containers
        self.faults = Faults(self.processes)
        self.credentials = Credentials(account, self.moto)
        self.process_keys = ProcessKeys(self.credentials)
        self.access = Access(account, region, self.moto, enforced=enforced)
        self.events = EventEmitter(self.clock, self.faults, account, region)
        self.metrics = MetricEmitter(self.clock)
        self.workers = Workers(self.counters)
        self.logs = LogWriter(self.clock, self.counters, self.moto)
        self.emit, self.metric, self.log = self.events.emit, self.metrics.emit, self.logs.write
        self.services: dict[str, Any] = {}
        self._clients = Clients(region, self.credentials)
        folder.mkdir(parents=True, exist_ok=True)
        moto_backends.reset()
        self._open: list[Any] = []

    def add(self, service: Any) -> None:
        self.services[service.name] = service
        self._open.append(service)

    def service(self, kind: type[S]) -> S:
        """Another service, to be called in process."""
        name: str = kind.name  # type: ignore[attr-defined]
        found = self.services[name]
        if not isinstance(found, kind):
            raise TypeError(f"{name} is served by {type(found).__name__}, not by {kind.__name__}")
        return found

    def work(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """On another thread, soon. For what takes milliseconds to seconds; a defect in it is counted as a 500."""
        return self.workers.submit(function, *arguments)

    def client(self, service: str) -> Any:
        """The administrator's: for tests, and for what a person does."""
        return self.client_as(self.credentials.administrator, service)

    def client_as(self, principal: Principal, service: str) -> Any:
        """boto3's client to this cloud, over HTTP: S3, SQS, SNS of moto, or our own. Never under the lock."""
        return self._clients.client(principal, service, self.url)

    def moto(self, service: str) -> AbstractContextManager[Any]:
        """moto's backend of a service, in process: ``with cloud.moto("sqs") as sqs: sqs.send_message(...)``."""
        return moto_backends.backend(service, self.account, self.region)

    def environment(self) -> dict[str, str]:
        """The variables that make the AWS tools and SDKs of a person call this cloud, and nothing else."""
        return client_environment.ADMINISTRATOR | self._addresses()

    def process_environment(self, token: str, *, own_home: bool = False) -> dict[str, str]:
        """Those of a process that acts under a role; ``token`` is from ``process_keys``. Without a home of its own it
        must not find a person's credentials."""
        files = {} if own_home else client_environment.NO_FILES
        return client_environment.keys_of_process(self.url, token) | files | self._addresses()

    def container_environment(self, principal: Principal) -> dict[str, str]:
        """Those of a container that has another address for this machine: SDKs fetch keys only from a loopback
        address, so it has some from the start."""
        keys = self.credentials.issue(principal, LONGEST_SESSION_SECONDS)
        return client_environment.keys_of_container(keys) | client_environment.NO_FILES | self._addresses()

    def _addresses(self) -> dict[str, str]:
        return client_environment.variables(self.url, self.region, self.proxy_url, self.certificate)

    def arn(self, service: str, resource: str) -> str:
        return f"arn:aws:{service}:{self.region}:{self.account}:{resource}"

    def reset(self) -> None:
        """As after ``up``: our state, moto's, faults, what is not yet written. Counters and the clock go on."""
        with self.lock:
            for service in self.services.values():
                service.reset()
            self.faults.clear()
            self.credentials.reset()
            self.process_keys.reset()
            self.access.reset()
            self.images.replace(())
            self.events.recent.clear()
            self.metrics.recent.clear()
        self.logs.flush()
        moto_backends.reset()

    def close_services(self) -> None:
        """First, while the server still answers their last calls, or those of work that a reset stopped."""
        while self._open:
            self._open.pop().close()
        self.workers.settle(CLOSING_SECONDS)

    def close(self) -> None:
        """No thread and no process of localcloud is left afterwards."""
        self.close_services()
        self.clock.close()
        self.workers.close()
        self.processes.end_own()
        self.model_networks.close()
        self.logs.close()
