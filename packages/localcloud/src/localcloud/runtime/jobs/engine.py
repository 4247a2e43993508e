"""The Docker engine of this machine, by its command."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

SECONDS, PULL_SECONDS = 30.0, 1800.0


class EngineError(Exception):
    """The engine cannot do it; the message says what and why."""


def run(*words: str) -> int:
    """The exit code; -1 when it could not be run or took too long."""
    try:
        return _run(words).returncode
    except (OSError, subprocess.TimeoutExpired):
        return -1


def output(what: str, *words: str, environment: Mapping[str, str] | None = None, seconds: float = SECONDS) -> str:
    """``what`` could not be done, if it raises EngineError."""
    try:
        done = _run(words, environment, seconds)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EngineError(f"{what}: {error}") from None
    if done.returncode:
        raise EngineError(f"{what}: {(done.stderr.strip().splitlines() or ['no reason is given'])[-1]}")
    return done.stdout.strip()


@cache
def size() -> tuple[int, int]:
    """Its CPUs and its memory in bytes, which may be those of a virtual machine; 0: unknown."""
    try:
        cpus, memory = output("docker info", "info", "--format", "{{.NCPU}} {{.MemTotal}}").split()
        return int(cpus), int(memory)
    except (EngineError, ValueError):
        return 0, 0


def pull(image: str, registry: str, credentials: str) -> bool:
    """With credentials for its registry, which the user's own configuration need not have. False: it is there."""
    if not run("image", "inspect", image):
        return False
    with tempfile.TemporaryDirectory(prefix="localcloud-") as folder:
        Path(folder, "config.json").write_text(json.dumps({"auths": {registry: {"auth": credentials}}}))
        words = ("--config", folder, "pull", "--quiet", image)
        output(f"{image} cannot be pulled", *words, environment=os.environ | _host(), seconds=PULL_SECONDS)
    return True


def _host() -> dict[str, str]:
    """That of the user's configuration, for a command with another configuration."""
    words = ("context", "inspect", "--format", "{{.Endpoints.docker.Host}}")
    return {} if "DOCKER_HOST" in os.environ else {"DOCKER_HOST": output("docker context", *words)}


def _run(
    words: tuple[str, ...], environment: Mapping[str, str] | None = None, seconds: float = SECONDS
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["docker", *words], env=environment, capture_output=True, text=True, timeout=seconds, check=False
    )
