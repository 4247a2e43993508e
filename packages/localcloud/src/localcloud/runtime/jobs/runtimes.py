"""Two ways to run a job's command: as a process with /opt/ml mapped to a folder, or in its image with Docker."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from localcloud.runtime.jobs.images import PYTHON, Images
from localcloud.runtime.jobs.job import ML, Job

Prepare = Callable[[Job, Path], "Command"]
PLAIN = re.compile(r"[\w./+-]+")  # a path that needs no quotes
SWITCH = "LOCALCLOUD_DOCKER"  # 1: in the image of the request; anything else: in that image; unset: as processes

SHARING = {"OMP_WAIT_POLICY": "PASSIVE"}  # jobs share the cores: threads that spin while they wait would slow all
# What a process keeps of the caller's environment: no credentials, no settings of the caller's own.
KEPT = ("HOME", "LANG", "LC_ALL", "TMPDIR", "OMP_NUM_THREADS", "OMP_WAIT_POLICY")


@dataclass(frozen=True)
class Command:
    argv: list[str]
    environment: dict[str, str]
    links: Path | None = None  # a folder to remove when the job has ended
    container: str = ""

    def kill(self) -> None:
        """What a signal to the process does not reach: the end of ``docker run`` does not end the container."""
        if self.container:
            with suppress(OSError, subprocess.TimeoutExpired):
                argv = ["docker", "rm", "--force", self.container]
                subprocess.run(argv, capture_output=True, timeout=30, check=False)

    def close(self) -> None:
        if self.links:
            for link in self.links.iterdir():
                link.unlink()
            self.links.rmdir()


def chosen(
    environment: Mapping[str, str], variables: Mapping[str, str], marks: Mapping[str, str], images: Images
) -> Prepare:
    """By the switch in the server's environment. ``variables`` tell a job where its AWS is, ``marks`` whose it is."""
    if image := environment.get(SWITCH):
        return docker(None if image == "1" else image, variables, marks)
    return partial(process, variables=variables, marks=marks, images=images)


def process(
    job: Job,
    instance: Path,
    variables: Mapping[str, str] | None = None,
    marks: Mapping[str, str] | None = None,
    images: Images | None = None,
) -> Command:
    """The command with every /opt/ml in arguments, environment, configuration and the SDK's scripts pointing into
    ``instance``."""
    root = instance.resolve()
    python = (images or Images()).find(job.image).interpreter
    links = None if PLAIN.fullmatch(f"{root}{python}") else _linked(instance=root, python=python.parents[1])
    here = _mapping(links / "instance" if links else root)
    python = links / "python" / python.relative_to(python.parents[1]) if links else python
    for file in _that_name_places(job, instance):
        file.write_text(here(file.read_text()))
    environment = SHARING | {name: os.environ[name] for name in KEPT if name in os.environ}
    environment["PATH"] = os.pathsep.join([str(python.parent), os.environ.get("PATH", os.defpath)])
    environment |= _aws(job, variables)
    environment |= {name: here(value) for name, value in job.environment.items()}
    argv = [here(argument) for argument in job.command]
    if argv[0] in PYTHON:
        argv[0] = str(python)
    return Command(argv, environment | dict(marks or {}), links)


def _that_name_places(job: Job, instance: Path) -> Iterator[Path]:
    """Configuration, where a hyperparameter may be a folder of /opt/ml; the SDK's own scripts, which name it, too."""
    files = [instance / path.lstrip("/") for path in job.files]
    yield from (file for file in files if file.is_file())
    for driver in (instance / "opt/ml/input/data/sm_drivers").rglob("*"):
        if driver.suffix in (".py", ".sh"):
            yield driver


def docker(
    image: str | None = None, variables: Mapping[str, str] | None = None, marks: Mapping[str, str] | None = None
) -> Prepare:
    """``docker run`` in the request's image, or in ``image`` where that one cannot be pulled."""

    def prepare(job: Job, instance: Path) -> Command:
        told = {name: value for name, value in _aws(job, variables).items() if name.startswith("AWS_")}
        told.pop("AWS_CA_BUNDLE", None)  # a file that the container does not have
        settings = [part for item in (told | job.environment).items() for part in ("--env", "=".join(item))]
        network = ["--network", "none"] if job.isolated else ["--network", "host"] if told else []
        mount = ["--volume", f"{instance.resolve()}/opt/ml:{ML}"]
        name = job.name if job.host == "algo-1" else f"{job.name}-{job.host}"
        argv = ["docker", "run", "--rm", "--name", name, *mount, *network, *settings]
        argv += ["--entrypoint", job.command[0], image or job.image, *job.command[1:]]
        return Command(argv, {**os.environ, **(marks or {})}, container=name)

    return prepare


def _aws(job: Job, variables: Mapping[str, str] | None) -> dict[str, str]:
    """Isolation takes the credentials and the endpoint away, as a container of AWS has no way to them then."""
    return {} if job.isolated else dict(variables or {})


def _mapping(root: Path) -> Callable[[str], str]:
    return lambda text: re.sub(rf"(?<![\w./-]){ML}(?=/|\b)", f"{root}{ML}", text)


def _linked(**folders: Path) -> Path:
    """The SDK's shell scripts do not quote paths: folders with a space in their path get names without one."""
    links = Path(tempfile.mkdtemp(prefix="localcloud-"))
    for name, folder in folders.items():
        (links / name).symlink_to(folder, target_is_directory=True)
    return links
