"""Two ways to run a job's command: as a process with /opt/ml mapped to a folder, or in its image with Docker."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from localcloud.jobs.job import ML, Job

Prepare = Callable[[Job, Path], "Command"]

# What a process keeps of the caller's environment: no credentials, no settings of the caller's own.
KEPT = ("HOME", "LANG", "LC_ALL", "TMPDIR", "OMP_NUM_THREADS", "OMP_WAIT_POLICY")


@dataclass(frozen=True)
class Command:
    argv: list[str]
    environment: dict[str, str]
    alias: Path | None = None  # a link to remove when the job has ended


def process(job: Job, instance: Path) -> Command:
    """The command with every /opt/ml in arguments, environment and the SDK's scripts pointing into ``instance``."""
    root = instance.resolve()
    alias = None if re.fullmatch(r"[\w./+-]+", str(root)) else _alias(root)
    here = _mapping(alias or root)
    for driver in (instance / "opt/ml/input/data/sm_drivers").rglob("*"):
        if driver.suffix in (".py", ".sh"):  # the SDK's own scripts name /opt/ml literally
            driver.write_text(here(driver.read_text()))
    environment = {name: os.environ[name] for name in KEPT if name in os.environ}
    environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    environment |= {name: here(value) for name, value in job.environment.items()}
    argv = [here(argument) for argument in job.command]
    if argv[0] in ("python", "python3"):
        argv[0] = sys.executable
    return Command(argv, environment, alias)


def docker(image: str | None = None) -> Prepare:
    """``docker run`` in the request's image, or in ``image`` where that one cannot be pulled."""

    def prepare(job: Job, instance: Path) -> Command:
        variables = [part for name, value in job.environment.items() for part in ("--env", f"{name}={value}")]
        network = ["--network", "none"] if job.isolated else []
        mount = ["--volume", f"{instance.resolve()}/opt/ml:{ML}"]
        argv = ["docker", "run", "--rm", "--name", job.name, *mount, *network, *variables]
        argv += ["--entrypoint", job.command[0], image or job.image, *job.command[1:]]
        return Command(argv, dict(os.environ))

    return prepare


def _mapping(root: Path) -> Callable[[str], str]:
    return lambda text: re.sub(rf"(?<![\w./-]){ML}(?=/|\b)", f"{root}{ML}", text)


def _alias(folder: Path) -> Path:
    """The SDK's shell scripts do not quote paths: a folder with a space in its path gets a name without one."""
    alias = Path(tempfile.mkdtemp(prefix="localcloud-")) / "instance"
    alias.symlink_to(folder, target_is_directory=True)
    return alias
