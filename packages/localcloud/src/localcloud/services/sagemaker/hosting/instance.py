"""One instance: a process of the model server, from its start to its end. It is never restarted."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from localcloud.core.log_stream import LogStream
from localcloud.runtime.jobs.model_container import MODEL_FOLDER, Launcher
from localcloud.runtime.jobs.model_server import ModelServer, ModelServerError, pings
from localcloud.runtime.jobs.runtimes import SHARING
from localcloud.services.sagemaker.hosting.connections import Connections, NoResponse, Reply
from localcloud.services.sagemaker.hosting.invocation import Invocation, InvocationResult
from localcloud.services.sagemaker.hosting.model_session import ModelSession
from localcloud.services.sagemaker.image_registry import pulled_image

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

POLL_SECONDS = 0.1
WORKERS = "SAGEMAKER_MODEL_SERVER_WORKERS"  # of the container: how many processes serve; here 1 by default


class Instance:
    def __init__(
        self,
        cloud: Cloud,
        session: ModelSession,
        endpoint: str,
        variant: str,
        response_seconds: float,
        launcher: Launcher,
    ) -> None:
        self.cloud, self._session = cloud, session
        self._response_seconds, self._launcher = response_seconds, launcher
        self.stream = f"{variant}/i-{secrets.token_hex(9)[:17]}"
        self.name = f"{endpoint}/{self.stream}"  # that the kill fault takes
        self.group = f"/aws/sagemaker/Endpoints/{endpoint}"
        self.busy = self.turn = 0  # the fleet's bookkeeping: it chooses by them
        self._server: ModelServer | None = None
        self._connections: Connections | None = None
        self._lock, self._killed, self._token = Lock(), False, ""

    def start(self, model: Path, environment: Mapping[str, str], seconds: float) -> None:
        """Returns when it answers GET /ping; ModelServerError when it does not do so in time."""
        deadline = time.monotonic() + seconds
        server = self._start_server(model, environment)
        try:
            url = server.wait_ready(seconds)
            while not pings(url):
                if not server.running or time.monotonic() > deadline:
                    raise ModelServerError("GET /ping did not return 200")
                time.sleep(POLL_SECONDS)
        except ModelServerError:
            in_time = time.monotonic() < deadline
            reason = server.last_line or "it ended without any output"
            raise ModelServerError(reason if in_time else f"no answer to GET /ping within {seconds:g} s") from None
        self._connections = Connections(url, self._response_seconds, lambda: server.running)

    def send(self, request: Invocation) -> Reply:
        """To an instance that has started. Raises NotSent or NoResponse."""
        assert self._connections  # noqa: S101 - its fleet sends only to instances that have started
        return self._connections.send(request)

    def wait(self, seconds: float | None = None) -> None:
        """For its end."""
        if self._server:
            self._server.wait_ended(seconds)

    def kill(self) -> None:
        """At any time; an instance that has not started yet will not."""
        with self._lock:
            self._killed = True
        if self._server:
            self._server.kill()

    def close(self) -> None:
        self.kill()
        if self._server:
            self._server.close()
            self.cloud.processes.forget(self._server.pid)
            self.cloud.process_keys.close(self._token)
        if self._connections:
            self._connections.close()

    def _start_server(self, model: Path, environment: Mapping[str, str]) -> ModelServer:
        launcher = self._launcher.prepared(lambda uri: pulled_image(self.cloud, uri))
        variables = _variables(self.cloud, environment, launcher.model_folder(model))
        owner = self.cloud.processes.environment
        log = LogStream(self.cloud, self._session.principal, self.group, self.stream)
        log.write([launcher.notice])
        with self._lock:
            if self._killed:
                raise ModelServerError("it was stopped before it started")
            server = self._server = launcher.start(
                model, variables, self._clients(launcher), owner, _log_line(log, model), _workers(environment)
            )
        self.cloud.processes.register(server.pid, self.name, server.container)
        return server

    def _clients(self, launcher: Launcher) -> dict[str, str]:
        """The variables that make it call this cloud, in the session of the model's role."""
        if launcher.container_image:
            return self.cloud.container_environment(self._session.principal)
        self._token = self.cloud.process_keys.open(self._session.principal)
        return self.cloud.process_environment(self._token)


def send_to(instance: Instance, request: Invocation) -> InvocationResult:
    """Raises NotSent when the instance cannot have seen the request."""
    began = time.perf_counter()
    try:
        reply = instance.send(request)
    except NoResponse as problem:
        seconds = time.perf_counter() - began
        return InvocationResult(0, str(problem).encode(), stream=instance.stream, seconds=seconds)
    seconds = time.perf_counter() - began
    return InvocationResult(reply.status, reply.body, *reply[1:3], instance.stream, seconds)


def _log_line(log: LogStream, model: Path) -> Callable[[str], None]:
    folder = str(model)
    return lambda text: log.write([text.replace(folder, MODEL_FOLDER)])


def _variables(cloud: Cloud, environment: Mapping[str, str], folder: str) -> dict[str, str]:
    """The container's, with this folder for its /opt/ml/model."""
    sharing = {"OMP_NUM_THREADS": "1", **SHARING}  # instances share this machine's cores
    own = {"SAGEMAKER_REGION": cloud.region}
    container = {name: value.replace(MODEL_FOLDER, folder) for name, value in environment.items()}
    return {**sharing, **own, **container}


def _workers(environment: Mapping[str, str]) -> int:
    workers = environment.get(WORKERS, "")
    return max(1, int(workers)) if workers.isdecimal() else 1
