"""How a model is served: by a process, or in its image with Docker."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from localcloud.runtime.jobs import containers
from localcloud.runtime.jobs.images import Image, Images
from localcloud.runtime.jobs.model_server import PING_SECONDS, POLL_SECONDS, ModelServer, ModelServerError, pings

MODEL_FOLDER, PORT = "/opt/ml/model", 8080  # of a container


class ModelContainer(ModelServer):
    """``docker run`` of an image, which serves on a port of this machine's loopback address.

    ``variables`` is what the container gets, ``owner`` marks its process as this server's. From the container neither
    this cloud nor anything else of this machine can be reached.
    """

    def __init__(
        self,
        model: Path,
        variables: Mapping[str, str],
        owner: Mapping[str, str],
        on_line: Callable[[str], None],
        uri: str,
    ) -> None:
        self.container, self._model, self._uri = containers.unique_name("model"), model, uri
        self._address = f"127.0.0.1:{_free_port()}"
        argv = ["docker", "run", "--rm", "--name", self.container, "--publish", f"{self._address}:{PORT}"]
        argv += ["--volume", f"{model.resolve()}:{MODEL_FOLDER}", "--shm-size", containers.SHARED_MEMORY]
        argv += [*containers.with_variables(variables), uri, "serve"]
        self._start(argv, {**os.environ, **owner}, on_line)

    def wait_ready(self, seconds: float) -> str:
        deadline = time.monotonic() + seconds
        while not pings(url := f"http://{self._address}"):
            if not self.running or time.monotonic() > deadline:
                self._ready_or_ended.wait(PING_SECONDS)  # for the last line of its output
                raise ModelServerError("the model did not start: " + (self.last_line or "GET /ping did not return 200"))
            time.sleep(POLL_SECONDS)
        return url

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
    notice: str = ""  # for the log of what it starts

    @classmethod
    def select(cls, environment: Mapping[str, str], uri: str, images: Images) -> Launcher:
        """By the switch in the server's environment."""
        switch = environment.get(containers.SWITCH, "")
        notice = "" if switch else images.notice(uri)
        return cls(images.find(uri), uri if switch == "1" else switch, notice)

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
        """``variables`` of the model; ``own`` make a process call this cloud; those of ``owner`` mark it as this
        server's."""
        if self.container_image:
            return ModelContainer(model, variables, owner, on_line, self.container_image)
        return ModelServer(model, {**variables, **own, **owner}, on_line, workers, self.image)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
