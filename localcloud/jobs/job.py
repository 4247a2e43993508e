"""A job as plain data: what the processing and the training request have in common."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

ML = "/opt/ml"  # the root of the container's contract; a runtime maps it to a folder


class Refused(Exception):
    """A request that SageMaker would accept and the job runner cannot run; the message says why."""


@dataclass(frozen=True)
class Input:
    name: str
    uri: str
    path: str


@dataclass(frozen=True)
class Output:
    uri: str
    path: str
    even_if_failed: bool = False  # S3UploadMode Continuous, checkpoints
    archive: bool = False  # packed as one .tar.gz object


@dataclass(frozen=True)
class Job:
    name: str
    kind: str  # processing or training
    image: str
    command: tuple[str, ...]
    reason_file: str  # where the script writes one sentence when it fails
    max_runtime_seconds: float
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


def one_instance(count: int | None, job: str) -> None:
    if (count or 1) != 1:
        raise Refused(f"{job} asks for {count} instances; local jobs run on one: set the instance count to 1")


def data_source(name: str, source: dict[str, Any]) -> str:
    """The S3 prefix of an input; other kinds of source are refused."""
    kind = source.get("S3DataType", "S3Prefix")
    if kind != "S3Prefix":
        raise Refused(f"input {name} is a {kind}; local jobs read S3Prefix only")
    uri: str = source["S3Uri"]
    return uri


def safe_name(name: str) -> str:
    """A job's name as a folder and container name."""
    if not re.fullmatch(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}", name):
        raise Refused(f"{name!r} is not a job name: 1 to 63 letters, digits and single hyphens")
    return name
