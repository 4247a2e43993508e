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
PLAIN = re.compile(r"[\w./+-]+")  # a path that needs no quoting
SWITCH = "LOCALCLOUD_DOCKER"  # 1: in the image of the request; anything else: in that image; unset: as processes

SHARING = {"OMP_WAIT_POLICY": "PASSIVE"}  # jobs share the cores: busy waiting would slow all down
# What a process inherits of the server's environment: neither credentials nor settings.
INHERITED = ("HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "OMP_NUM_THREADS", "OMP_WAIT_POLICY")


@dataclass(frozen=True)
class Command:
    argv: list[str]
    environment: dict[str, str]
    links: Path | None = None  # a folder to remove when the job has ended
    container: str = ""

    def kill(self) -> None:
        """Ends the container, which the end of ``docker run`` does not."""
        if self.container:
            with suppress(OSError, subprocess.TimeoutExpired):
                argv = ["docker", "rm", "--force", self.container]
                subprocess.run(argv, capture_output=True, timeout=30, check=False)

    def close(self) -> None:
        if self.links:
            for link in self.links.iterdir():
                link.unlink()
            self.links.rmdir()


def select(
    environment: Mapping[str, str], variables: Mapping[str, str], owner: Mapping[str, str], images: Images
) -> Prepare:
    """By the switch in the server's environment. ``variables`` make a job call this cloud; those of ``owner`` mark its
    processes as this server's."""
    if image := environment.get(SWITCH):
        return docker(None if image == "1" else image, variables, owner)
    return partial(process, variables=variables, owner=owner, images=images)


def process(
    job: Job,
    instance: Path,
    variables: Mapping[str, str] | None = None,
    owner: Mapping[str, str] | None = None,
    images: Images | None = None,
) -> Command:
    """The command, with every /opt/ml in arguments, environment, configuration and the SDK's scripts mapped into
    ``instance``."""
    root = instance.resolve()
    python = (images or Images()).find(job.image).interpreter
    links = None if PLAIN.fullmatch(f"{root}{python}") else _link(instance=root, python=python.parents[1])
    map_paths = _path_mapper(links / "instance" if links else root)
    python = links / "python" / python.relative_to(python.parents[1]) if links else python
    for file in _files_with_paths(job, instance):
        file.write_text(map_paths(file.read_text()))
    environment = SHARING | {name: os.environ[name] for name in INHERITED if name in os.environ}
    environment["PATH"] = os.pathsep.join([str(python.parent), os.environ.get("PATH", os.defpath)])
    environment |= _aws(job, variables)
    environment |= {name: map_paths(value) for name, value in job.environment.items()}
    argv = [map_paths(argument) for argument in job.command]
    if argv[0] in PYTHON:
        argv[0] = str(python)
    return Command(argv, environment | dict(owner or {}), links)


def _files_with_paths(job: Job, instance: Path) -> Iterator[Path]:
    """The configuration, where a hyperparameter may be a path below /opt/ml, and the SDK's own scripts."""
    files = [instance / path.lstrip("/") for path in job.files]
    yield from (file for file in files if file.is_file())
    for driver in (instance / "opt/ml/input/data/sm_drivers").rglob("*"):
        if driver.suffix in (".py", ".sh"):
            yield driver


def docker(
    image: str | None = None, variables: Mapping[str, str] | None = None, owner: Mapping[str, str] | None = None
) -> Prepare:
    """``docker run`` in the request's image, or in ``image`` where that one cannot be pulled."""

    def prepare(job: Job, instance: Path) -> Command:
        aws = {name: value for name, value in _aws(job, variables).items() if name.startswith("AWS_")}
        aws.pop("AWS_CA_BUNDLE", None)  # a file that the container does not have
        settings = [part for item in (aws | job.environment).items() for part in ("--env", "=".join(item))]
        network = ["--network", "none"] if job.isolated else ["--network", "host"] if aws else []
        mount = ["--volume", f"{instance.resolve()}/opt/ml:{ML}"]
        name = job.name if job.host == "algo-1" else f"{job.name}-{job.host}"
        argv = ["docker", "run", "--rm", "--name", name, *mount, *network, *settings]
        argv += ["--entrypoint", job.command[0], image or job.image, *job.command[1:]]
        return Command(argv, {**os.environ, **(owner or {})}, container=name)

    return prepare


def _aws(job: Job, variables: Mapping[str, str] | None) -> dict[str, str]:
    """An isolated job gets neither credentials nor endpoint, as an isolated container of AWS cannot reach them."""
    return {} if job.isolated else dict(variables or {})


def _path_mapper(root: Path) -> Callable[[str], str]:
    return lambda text: re.sub(rf"(?<![\w./-]){ML}(?=/|\b)", f"{root}{ML}", text)


def _link(**folders: Path) -> Path:
    """Links without spaces in their paths: the SDK's shell scripts do not quote."""
    links = Path(tempfile.mkdtemp(prefix="localcloud-"))
    for name, folder in folders.items():
        (links / name).symlink_to(folder, target_is_directory=True)
    return links
