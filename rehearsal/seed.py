"""What a local account contains from the start, by the settings of the environment "local": a seed file for localcloud.

The bucket, the roles and the connection to a Git host, which on AWS the foundation's stack and a person create; example
data, where the settings are still those of the example; and which Python runs the image of the steps.

The file is written again only when its sources have changed; otherwise starting reads no settings.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aws.s3 import split_uri
from pipelines import image
from rehearsal.server import ROOT
from settings.errors import Problem

if TYPE_CHECKING:
    from settings.model import Settings

EXAMPLE_SOURCES = ("pipelines/example_data.py", "pipelines/example_churn.py")
SOURCES = ("settings/*.py", "rehearsal/seed.py", "pipelines/image.py", *EXAMPLE_SOURCES)
ROWS = 20_000
EXAMPLE_TARGET = "churned"
# Of the roles until the stacks replace them by ones that may do only what jobs and models do.
POLICIES = ["arn:aws:iam::aws:policy/AmazonSageMakerFullAccess", "arn:aws:iam::aws:policy/AmazonS3FullAccess"]
NO_ACCOUNT = "000000000000"


def write(folder: Path, config: Path) -> Path:
    """Returns the seed's file in ``folder``, up to date."""
    file, stamp = folder / "seed.json", folder / "seed.stamp"
    sources = _contents(SOURCES) + b"".join(each.read_bytes() for each in sorted(config.glob("*.toml")))
    try:
        if not _is_current(file, stamp, sources):
            text = json.dumps(seed(folder, config), indent=2) + "\n"
            folder.mkdir(parents=True, exist_ok=True)
            _replace(file, text)
            _replace(stamp, _hash(sources, text.encode()))
    except OSError as error:
        reason = error.strerror or str(error)
        raise Problem(f"nothing can be written to {folder} ({reason}): choose another with --folder") from None
    return file


def seed(folder: Path, config: Path) -> dict[str, Any]:
    """``folder`` keeps the example data, which takes half a second to make."""
    from settings.loader import load

    settings = load("local", config)
    account, region = settings.aws.account_id or NO_ACCOUNT, settings.aws.region
    roles, connection = (settings.role_arn, settings.hosting_role_arn), settings.delivery.connection_arn
    return {
        "version": 1,
        "account": account,
        "region": region,
        "buckets": _buckets(settings, folder),
        "roles": [{"arn": role, "managed_policies": POLICIES} for role in roles if f":{account}:role/" in role],
        "connections": [{"arn": connection}] if f":{region}:{account}:" in connection else [],
        "images": [{"image": f"*/sagemaker-{image.FRAMEWORK}:{image.TAG}*", "python": sys.executable}],
    }


def _buckets(settings: Settings, folder: Path) -> list[dict[str, Any]]:
    data_bucket, prefix = split_uri(settings.data_uri)
    objects: dict[str, list[dict[str, str]]] = {settings.bucket: [], data_bucket: []}
    if settings.data.target == EXAMPLE_TARGET:
        key = f"{prefix.rstrip('/')}/churn.csv".lstrip("/")
        objects[data_bucket] = [{"key": key, "file": str(example(folder)), "if_empty": prefix or key}]
    return [{"name": name, "objects": listed} for name, listed in objects.items()]


def example(folder: Path) -> Path:
    """Made once, and again when its sources have changed."""
    file = folder / "example" / f"churn-{ROWS}-{_hash(_contents(EXAMPLE_SOURCES))[:10]}.csv"
    if not file.is_file():
        from pipelines import example_data

        example_data.write(file, ROWS)
    return file


def _is_current(file: Path, stamp: Path, sources: bytes) -> bool:
    try:
        text = file.read_bytes()
        if stamp.read_text() != _hash(sources, text):
            return False
        objects = [each for bucket in json.loads(text)["buckets"] for each in bucket["objects"]]
    except FileNotFoundError:
        return False
    return all(Path(each["file"]).is_file() for each in objects)


def _replace(file: Path, text: str) -> None:
    """At once: another command may be reading it."""
    unfinished = file.with_name(f"{file.name}.{os.getpid()}")
    unfinished.write_text(text)
    unfinished.replace(file)


def _contents(patterns: Iterable[str]) -> bytes:
    return b"".join(file.read_bytes() for pattern in patterns for file in sorted(ROOT.glob(pattern)))


def _hash(*contents: bytes) -> str:
    return hashlib.sha256(b"\n".join([sys.executable.encode(), *contents])).hexdigest()
