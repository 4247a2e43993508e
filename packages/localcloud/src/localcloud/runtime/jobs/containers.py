"""``docker run`` as jobs and model servers use it, and what must be there for it."""

from __future__ import annotations

import os
import re
import secrets
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from localcloud.runtime.jobs import engine
from localcloud.runtime.jobs.instance_types import instance_size

SWITCH = "LOCALCLOUD_DOCKER"  # OWN_IMAGE: in the image of the request; or in that image; unset: as processes
OWN_IMAGE = "1"
CERTIFICATE = "/etc/localcloud/ca.pem"  # of the egress proxy, in a container
NO_ENGINE = "--docker needs a Docker engine, and none answers: start one, or leave --docker out"
NO_IMAGE = "the image {image} is not on this machine: `docker pull` or `docker build` it first"
REMOVALS, PAUSE_SECONDS = 20, 0.25
SHARED_MEMORY = "1g"  # Docker's own 64 MB are too few for libraries whose processes share data


def problem(image: str) -> str:
    """Why containers cannot run with this value of the switch, or ""."""
    if image and engine.run("version"):
        return NO_ENGINE
    if image not in ("", OWN_IMAGE) and engine.run("image", "inspect", image):
        return NO_IMAGE.format(image=image)
    return ""


def unique_name(job: str, host: str = "") -> str:
    """That no container of the user has."""
    words = re.sub(r"[^a-zA-Z0-9_.-]+", "-", f"localcloud-{job}{host and f'-{host}'}")
    return f"{words}-{secrets.token_hex(4)}"


def remove(container: str) -> None:
    """Ends it too, which the end of ``docker run`` does not. One that is just created may refuse it for a moment."""
    for _ in range(REMOVALS):
        engine.run("rm", "--force", container)
        if engine.run("container", "inspect", container):
            return
        time.sleep(PAUSE_SECONDS)


def limits(instance_type: str) -> list[str]:
    """A container has its instance to itself: its memory and CPUs, as far as this machine has them."""
    size = instance_size(instance_type)
    if not size:
        return []
    cpus, memory = engine.size()
    mib = min(size.mib, memory >> 20 or size.mib)
    return ["--memory", f"{mib}m", "--cpus", str(min(size.cpus, cpus or size.cpus))]


def with_variables(variables: Mapping[str, str]) -> list[str]:
    """For ``docker run``: variables, with the certificate that they name at a path of the container."""
    words, values = [], dict(variables)
    if certificate := values.get("AWS_CA_BUNDLE"):
        values["AWS_CA_BUNDLE"] = CERTIFICATE
        words = ["--volume", f"{certificate}:{CERTIFICATE}:ro"]
    return words + [word for item in values.items() for word in ("--env", "=".join(item))]


def take_ownership(folder: Path, image: str) -> None:
    """Files that a container wrote as root become this user's, who could not even remove them."""
    user = f"{os.getuid()}:{os.getgid()}"
    if any(path.lstat().st_uid != os.getuid() for path in (folder, *_files(folder))):
        words = ["run", "--rm", "--network", "none", "--user", "0", "--volume", f"{folder.resolve()}:/owned"]
        engine.run(*words, "--entrypoint", "chown", image, "-R", user, "/owned")


def _files(folder: Path) -> list[Path]:
    return [Path(parent, name) for parent, folders, files in os.walk(folder) for name in (*folders, *files)]


@dataclass(frozen=True)
class Network:
    """How an instance of a job reaches the others by their names.

    Instances that call this cloud share this machine's network, where each name is a loopback address of its own;
    isolated ones have a network without a way out, or none when there is only one.
    """

    name: str
    host: str
    hosts: Sequence[str]
    isolated: bool

    @property
    def options(self) -> list[str]:
        if not self.isolated:
            addresses = [f"--add-host={name}:127.0.0.{number}" for number, name in enumerate(self.hosts, 1)]
            return ["--network", "host", "--hostname", self.host, *addresses]
        if not self.private:
            return ["--network", "none"]
        return ["--network", self.name, "--network-alias", self.host, "--hostname", self.host]

    @property
    def private(self) -> bool:
        return self.isolated and len(self.hosts) > 1

    def join(self) -> None:
        """Before the container starts: the first instance creates the network."""
        if self.private:
            with _LOCK:
                if not _INSTANCES[self.name]:
                    engine.run("network", "create", "--internal", self.name)
                _INSTANCES[self.name] += 1

    def leave(self) -> None:
        """After its end: the last instance removes the network."""
        if self.private:
            with _LOCK:
                _INSTANCES[self.name] -= 1
                if not _INSTANCES[self.name]:
                    engine.run("network", "rm", self.name)


_LOCK, _INSTANCES = Lock(), Counter[str]()  # of each private network
