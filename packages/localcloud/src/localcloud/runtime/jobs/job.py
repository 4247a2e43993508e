"""One instance of a job as plain data: what processing and training requests have in common."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field
from typing import Any

ML = "/opt/ml"  # the root of the container's paths; a runtime maps it to a folder
MOST_INSTANCES = 16  # on one machine
NO_ENTRYPOINT = "names no ContainerEntrypoint; jobs use the image's own only with --docker"
NO_OBJECTS = 'No S3 objects found under S3 URL "{uri}" given in input data source.'


class UnsupportedRequest(Exception):
    """A request that SageMaker accepts and the job runner cannot run; the message says why."""


@dataclass(frozen=True)
class Input:
    name: str
    uri: str
    path: str
    manifest: bool = False
    share: tuple[int, int] = (0, 1)  # ShardedByS3Key: this instance's number, and how many there are
    optional: bool = False  # checkpoints: there may not be any yet


@dataclass(frozen=True)
class Output:
    uri: str
    path: str
    even_if_stopped: bool = False  # a model
    even_if_failed: bool = False  # S3UploadMode Continuous, checkpoints: also when it was interrupted
    archive: bool = False  # packed as one .tar.gz object


@dataclass(frozen=True)
class Job:
    name: str
    kind: str  # processing or training
    image: str
    command: tuple[str, ...]
    reason_file: str  # where the script writes a message when it fails
    max_runtime_seconds: float
    host: str = "algo-1"
    hosts: tuple[str, ...] = ("algo-1",)
    instance_type: str = ""
    image_entrypoint: bool = False  # the image has the entrypoint, and the command its arguments
    environment: dict[str, str] = field(default_factory=dict)
    inputs: tuple[Input, ...] = ()
    outputs: tuple[Output, ...] = ()
    files: dict[str, str] = field(default_factory=dict)  # written before the start: container path -> content
    folders: tuple[str, ...] = ()  # created before the start
    isolated: bool = False


@dataclass(frozen=True)
class Outcome:
    status: str  # Completed, Failed or Stopped
    exit_code: int | None
    reason: str = ""  # the script's own message, or the runner's
    seconds: float = 0.0
    timed_out: bool = False
    message: str = ""  # the content of the reason_file, also when it completed


def hosts(count: int | None, job: str) -> list[str]:
    if (count or 1) > MOST_INSTANCES:
        raise UnsupportedRequest(f"{job} asks for {count} instances; one machine runs at most {MOST_INSTANCES}")
    return [f"algo-{number}" for number in range(1, (count or 1) + 1)]


def share(source: dict[str, Any], host: int, count: int) -> tuple[int, int]:
    return (host - 1, count) if source.get("S3DataDistributionType") == "ShardedByS3Key" else (0, 1)


def is_manifest(name: str, source: dict[str, Any]) -> bool:
    """Other types of input are refused."""
    kind = source.get("S3DataType", "S3Prefix")
    if kind not in ("S3Prefix", "ManifestFile"):
        raise UnsupportedRequest(f"input {name} is a {kind}; local jobs read S3Prefix and ManifestFile")
    return bool(kind == "ManifestFile")


def check_file_mode(name: str, mode: str | None, compression: str | None) -> None:
    if mode == "Pipe":
        raise UnsupportedRequest(f"input {name} is piped; local jobs get files: use File or FastFile")
    if compression not in (None, "None"):
        raise UnsupportedRequest(
            f"input {name} has CompressionType {compression}; local jobs get the objects as they are"
        )


def mapped_path(name: str, path: str) -> str:
    """A path of the container that a runtime can map."""
    plain = posixpath.normpath(path)
    if not plain.startswith(f"{ML}/"):
        raise UnsupportedRequest(f"{name} is at {path}; local jobs have only paths below {ML}")
    return plain


def checked_name(name: str) -> str:
    """A job's name that can be one of a folder and of a container."""
    if not re.fullmatch(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}", name):
        raise UnsupportedRequest(f"{name!r} is not a job name: 1 to 63 letters, digits and single hyphens")
    return name
