"""A job as plain data: what the processing and the training request have in common, for one of its instances."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field
from typing import Any

ML = "/opt/ml"  # the root of the container's contract; a runtime maps it to a folder
MOST_INSTANCES = 16  # on one machine
NO_OBJECTS = 'No S3 objects found under S3 URL "{uri}" given in input data source.'


class Refused(Exception):
    """A request that SageMaker would accept and the job runner cannot run; the message says why."""


@dataclass(frozen=True)
class Input:
    name: str
    uri: str
    path: str
    manifest: bool = False
    share: tuple[int, int] = (0, 1)  # ShardedByS3Key: this instance's number, and how many there are
    optional: bool = False  # checkpoints: there may be none yet


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
    reason_file: str  # where the script writes one sentence when it fails
    max_runtime_seconds: float
    host: str = "algo-1"
    environment: dict[str, str] = field(default_factory=dict)
    inputs: tuple[Input, ...] = ()
    outputs: tuple[Output, ...] = ()
    files: dict[str, str] = field(default_factory=dict)  # written before the start: container path -> content
    folders: tuple[str, ...] = ()  # made before the start
    isolated: bool = False


@dataclass(frozen=True)
class Outcome:
    status: str  # Completed, Failed or Stopped
    exit_code: int | None
    reason: str = ""  # the script's own sentence, or what the runner saw
    seconds: float = 0.0
    timed_out: bool = False
    message: str = ""  # what the script wrote into its reason_file, also when it completed


def hosts(count: int | None, job: str) -> list[str]:
    if (count or 1) > MOST_INSTANCES:
        raise Refused(f"{job} asks for {count} instances; one machine runs at most {MOST_INSTANCES}")
    return [f"algo-{number}" for number in range(1, (count or 1) + 1)]


def share(source: dict[str, Any], host: int, count: int) -> tuple[int, int]:
    return (host - 1, count) if source.get("S3DataDistributionType") == "ShardedByS3Key" else (0, 1)


def is_manifest(name: str, source: dict[str, Any]) -> bool:
    """Of the two kinds of input that are read; others are refused."""
    kind = source.get("S3DataType", "S3Prefix")
    if kind not in ("S3Prefix", "ManifestFile"):
        raise Refused(f"input {name} is a {kind}; local jobs read S3Prefix and ManifestFile")
    return bool(kind == "ManifestFile")


def files_only(name: str, mode: str | None, compression: str | None) -> None:
    if mode == "Pipe":
        raise Refused(f"input {name} is piped; local jobs get files: use File or FastFile")
    if compression not in (None, "None"):
        raise Refused(f"input {name} is to be unpacked ({compression}); local jobs get the objects as they are")


def inside(name: str, path: str) -> str:
    """A container's path that a process can have, too."""
    plain = posixpath.normpath(path)
    if not plain.startswith(f"{ML}/"):
        raise Refused(f"{name} is at {path}; local jobs have only what is below {ML}")
    return plain


def safe_name(name: str) -> str:
    """A job's name as a folder and container name."""
    if not re.fullmatch(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}", name):
        raise Refused(f"{name!r} is not a job name: 1 to 63 letters, digits and single hyphens")
    return name
