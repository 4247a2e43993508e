"""Two ways to run a job's command: as a process with /opt/ml mapped to a folder, or in its image with Docker."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from localcloud.runtime.jobs import containers
from localcloud.runtime.jobs.images import PYTHON, Images
from localcloud.runtime.jobs.job import ML, Job

Prepare = Callable[[Job, Path], "Command"]
PLAIN = re.compile(r"[\w./+-]+")  # a path that needs no quoting

SHARING = {"OMP_WAIT_POLICY": "PASSIVE"}  # jobs share the cores: busy waiting would slow all down
# What a process inherits of the server's environment: neither credentials nor settings.
INHERITED = ("HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "OMP_NUM_THREADS", "OMP_WAIT_POLICY")


@dataclass(frozen=True)
class Command:
    argv: list[str]
    environment: dict[str, str]
    links: Path | None = None  # a folder to remove when the job has ended
    container: str = ""
    after: Callable[[], None] = lambda: None  # once the job has ended

    def kill(self) -> None:
        if self.container:
            containers.remove(self.container)

    def close(self) -> None:
        self.after()
        if self.links:
            for link in self.links.iterdir():
                link.unlink()
            self.links.rmdir()


def select(
    environment: Mapping[str, str], variables: Mapping[str, str], owner: Mapping[str, str], images: Images
) -> Prepare:
    """By the switch in the server's environment. ``variables`` make a job call this cloud; those of ``owner`` mark its
    processes as this server's."""
    if image := environment.get(containers.SWITCH):
        return docker(None if image == containers.OWN_IMAGE else image, variables, owner)
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
        uri, folder = image or job.image, instance.resolve() / "opt/ml"
        name = containers.unique_name(job.name, job.host)
        network = _network(job, instance)
        argv = ["docker", "run", "--rm", "--name", name, "--volume", f"{folder}:{ML}"]
        argv += [*network.options, *containers.limits(job.instance_type), "--shm-size", containers.SHARED_MEMORY]
        argv += containers.with_variables(_aws(job, variables) | job.environment)

        def after() -> None:
            containers.remove(name)  # `docker run` may end before its container, when it was stopped while it started
            network.leave()
            containers.take_ownership(folder, uri)

        network.join()
        argv += [uri, *job.command] if job.image_entrypoint else ["--entrypoint", job.command[0], uri, *job.command[1:]]
        return Command(argv, {**os.environ, **(owner or {})}, container=name, after=after)

    return prepare


def _network(job: Job, instance: Path) -> containers.Network:
    """Its name is the same for all instances of the job, and of no other server's job."""
    digest = hashlib.sha256(bytes(instance.resolve().parent)).hexdigest()[:12]
    return containers.Network(f"localcloud-{digest}", job.host, job.hosts, job.isolated)


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
