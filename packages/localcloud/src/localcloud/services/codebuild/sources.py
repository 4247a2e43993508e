"""A build's source: a pipeline's artifact, S3, or the local Git repository.

Every Git source (CODECOMMIT, GITHUB, ...) is the repository that `git push local` updates, whatever its location.
Not reproduced: the history (CodeBuild clones, here the files of the commit are exported), submodules, credentials.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from localcloud.core.access.principal import Principal
from localcloud.core.cloud import Cloud
from localcloud.core.refusal import Refusal
from localcloud.runtime.git_repository import GitProblem, Repository
from localcloud.runtime.s3_store import S3Store
from localcloud.runtime.store import Unavailable
from localcloud.services.codebuild.files import unpack


class NoSource(Exception):
    """The message of the phase context."""


def fetch(cloud: Cloud, session: Principal, source: Mapping[str, Any], version: str, folder: Path) -> str:
    """Writes the files to the folder; returns their version, or ""."""
    folder.mkdir(parents=True, exist_ok=True)
    kind, location = source["type"], source.get("location", "")
    try:
        if kind == "NO_SOURCE":
            return ""
        if kind in ("S3", "CODEPIPELINE"):
            _from_s3(S3Store(cloud.client_as(session, "s3")), location, folder)
            return version
        if kind == "CODECOMMIT":
            repository = location.rstrip("/").rpartition("/")[2]
            cloud.access.authorize(session, "codecommit", "GitPull", {"repositoryName": repository})
        return Repository.of(cloud.folder).export(version or "refs/heads/main", folder)
    except (Unavailable, GitProblem, Refusal) as problem:
        raise NoSource(str(problem)) from None
    except zipfile.BadZipFile:
        raise NoSource(f"the object {location} is not a zip") from None


def _from_s3(store: S3Store, location: str, folder: Path) -> None:
    """A zip, or all objects with a prefix."""
    uri = f"s3://{location.removeprefix('arn:aws:s3:::')}"
    if not uri.endswith("/"):
        archive = folder.parent / f"{folder.name}.zip"
        store.fetch(uri, archive)
        unpack(archive, folder)
        archive.unlink()
        return
    for key in store.keys(uri):
        name = key.removeprefix(uri)
        if name and not name.endswith("/"):
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            store.fetch(key, file)
