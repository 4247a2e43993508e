"""How a model is served: by a process, or in its image with Docker."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from localcloud.runtime.jobs import containers, engine
from localcloud.runtime.jobs.engine import EngineError
from localcloud.runtime.jobs.images import Image, Images
from localcloud.runtime.jobs.model_networks import ModelNetworks
from localcloud.runtime.jobs.model_server import PING_SECONDS, POLL_SECONDS, ModelServer, ModelServerError, pings

MODEL_FOLDER, PORT = "/opt/ml/model", 8080  # of a container
ADDRESS = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"


@dataclass(frozen=True)
class Machine:
    """What a model's container gets: an instance type, and a network in which it is isolated or not."""

    instance_type: str = ""
    isolated: bool = False
    networks: ModelNetworks | None = None  # None: the engine's own

    def options(self, address: str) -> list[str]:
        """For ``docker run``; ``address`` is where this machine finds the server if it is not isolated."""
        published = [] if self.isolated else ["--publish", f"{address}:{PORT}"]
        name = self.networks and (self.networks.isolated() if self.isolated else self.networks.open())
        return [*published, *(["--network", name] if name else []), *containers.limits(self.instance_type)]

    def variables(self, model: Mapping[str, str], own: Mapping[str, str]) -> dict[str, str]:
        """Those of the model, with those that make it call this cloud, which an isolated one cannot reach."""
        return {**model, **({} if self.isolated or not self.networks else self.networks.variables(own))}


class ModelContainer(ModelServer):
    """``docker run`` of an image, on a port of this machine's loopback address or, isolated, on its own address.

    ``variables`` is what the container gets, ``owner`` marks its process as this server's.
    """

    def __init__(
        self,
        model: Path,
        variables: Mapping[str, str],
        owner: Mapping[str, str],
        on_line: Callable[[str], None],
        uri: str,
        machine: Machine = Machine(),
    ) -> None:
        self.container, self._model, self._uri = containers.unique_name("model"), model, uri
        self._address = "" if machine.isolated else f"127.0.0.1:{_free_port()}"
        argv = ["docker", "run", "--rm", "--name", self.container, *machine.options(self._address)]
        argv += ["--volume", f"{model.resolve()}:{MODEL_FOLDER}", "--shm-size", containers.SHARED_MEMORY]
        argv += [*containers.with_variables(variables), uri, "serve"]
        self._start(argv, {**os.environ, **owner}, on_line)

    def wait_ready(self, seconds: float) -> str:
        deadline = time.monotonic() + seconds
        while not (url := self._url()) or not pings(url):
            if not self.running or time.monotonic() > deadline:
                self._ready_or_ended.wait(PING_SECONDS)  # for the last line of its output
                raise ModelServerError("the model did not start: " + (self.last_line or "GET /ping did not return 200"))
            time.sleep(POLL_SECONDS)
        return url

    def _url(self) -> str:
        """ "" while the container has no address."""
        if not self._address:
            try:
                address = engine.output("docker inspect", "inspect", "--format", ADDRESS, self.container)
            except EngineError:
                return ""
            self._address = f"{address}:{PORT}" if address else ""
        return f"http://{self._address}" if self._address else ""

    def close(self) -> None:
        super().close()
        if self._model.is_dir():
            containers.take_ownership(self._model, self._uri)

    def _kill_all(self) -> None:
        super()._kill_all()
        containers.remove(self.container)


@dataclass(frozen=True)
class Launcher:
    """How an image's models are served: as processes, or in ``container_image`` with Docker."""

    image: Image = field(default_factory=Image)
    container_image: str = ""
    machine: Machine = field(default_factory=Machine)
    notice: str = ""  # for the log of what it starts

    @classmethod
    def select(
        cls,
        environment: Mapping[str, str],
        uri: str,
        images: Images,
        machine: Machine = Machine(),
        container_image: str = "",
    ) -> Launcher:
        """By the switch in the server's environment; ``container_image`` is the URI with the digest, if it is known."""
        switch = environment.get(containers.SWITCH, "")
        notice = "" if switch else images.notice(uri)
        own = container_image or uri
        return cls(images.find(uri), own if switch == containers.OWN_IMAGE else switch, machine, notice)

    def prepared(self, pull: Callable[[str], str]) -> Launcher:
        """With the image where the engine has it; ``pull`` returns its name there."""
        try:
            return replace(self, container_image=self.container_image and pull(self.container_image))
        except EngineError as problem:
            raise ModelServerError(str(problem)) from None

    def model_folder(self, model: Path) -> str:
        return MODEL_FOLDER if self.container_image else str(model)

    def start(
        self,
        model: Path,
        variables: Mapping[str, str],
        own: Mapping[str, str],
        owner: Mapping[str, str],
        on_line: Callable[[str], None],
        workers: int = 1,
    ) -> ModelServer:
        """``variables`` of the model; ``own`` make it call this cloud; those of ``owner`` mark it as this server's."""
        if not self.container_image:
            return ModelServer(model, {**variables, **own, **owner}, on_line, workers, self.image)
        try:
            all_variables = self.machine.variables(variables, own)
            return ModelContainer(model, all_variables, owner, on_line, self.container_image, self.machine)
        except EngineError as problem:
            raise ModelServerError(str(problem)) from None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
