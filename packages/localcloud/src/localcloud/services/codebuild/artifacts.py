"""Uploads of a build: zips for a pipeline's artifacts, zips or plain files for S3."""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from localcloud.runtime.s3_store import S3Store
from localcloud.services.codebuild.build import Build
from localcloud.services.codebuild.buildspec import Buildspec, Files
from localcloud.services.codebuild.files import NoFiles, pack, select
from localcloud.services.codebuild.variables import expanded

Artifact = Mapping[str, Any]  # a project's


class Artifacts:
    def __init__(self, build: Build, store: S3Store, source: Path, scratch: Path) -> None:
        self.build, self.store, self.source, self.scratch = build, store, source, scratch

    def upload(self, spec: Buildspec, environment: Mapping[str, str]) -> list[str]:
        """Returns a line of log for each upload; NoFiles when an artifact has no files."""
        lines = []
        for artifact, files in self._pairs(spec):
            selected = select(self.source, files, environment)
            if not selected:
                raise NoFiles("no matching artifact paths found")
            uri = self._put(artifact, files, selected, environment)
            lines.append(f"{len(selected)} files uploaded to {uri}")
        return lines

    def _pairs(self, spec: Buildspec) -> Iterator[tuple[Artifact, Files]]:
        main = self.build.artifacts
        if main.get("type") == "S3" and not (spec.artifacts and spec.artifacts.patterns):
            raise NoFiles("the project has an artifact, but the buildspec has none")
        if main.get("type", "NO_ARTIFACTS") != "NO_ARTIFACTS" and spec.artifacts and spec.artifacts.patterns:
            yield main, spec.artifacts
        for artifact in self.build.secondary_artifacts:
            name = artifact["artifactIdentifier"]
            if name not in spec.secondary_artifacts:
                raise NoFiles(f"the buildspec has no secondary artifact {name}")
            yield artifact, spec.secondary_artifacts[name]

    def _put(
        self, artifact: Artifact, files: Files, selected: Mapping[str, Path], environment: Mapping[str, str]
    ) -> str:
        uri = f"s3://{_location(artifact, files, self.build, environment)}"
        if artifact["type"] == "S3" and artifact.get("packaging", "NONE") == "NONE":
            for name, file in selected.items():
                self.store.put(file, f"{uri}/{name}")
            self._record(artifact, uri, {})
            return uri
        archive = self.scratch / "artifact.zip"
        pack(selected, archive)
        self.store.put(archive, uri)
        content = archive.read_bytes()
        sums = {"sha256sum": hashlib.sha256(content).hexdigest()}
        self._record(artifact, uri, sums | {"md5sum": hashlib.md5(content, usedforsecurity=False).hexdigest()})
        archive.unlink()
        return uri

    def _record(self, artifact: Artifact, uri: str, sums: Mapping[str, str]) -> None:
        location = f"arn:aws:s3:::{uri.removeprefix('s3://')}"
        self.build.uploaded[artifact.get("artifactIdentifier", "")] = {"location": location, **sums}


def _location(artifact: Artifact, files: Files, build: Build, environment: Mapping[str, str]) -> str:
    bucket = artifact["location"].removeprefix("arn:aws:s3:::")
    if artifact["type"] == "CODEPIPELINE":
        return str(bucket)
    name = artifact.get("name") or build.project
    if artifact.get("overrideArtifactName") and files.name:
        name = expanded(files.name, environment)
    namespace = build.uuid if artifact.get("namespaceType") == "BUILD_ID" else ""
    path = (part.strip("/") for part in (artifact.get("path", ""), namespace, name))
    return posixpath.join(bucket, *(part for part in path if part))
