"""The operations on builds: start, stop, retry, describe, list, delete."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from localcloud.core.cloud import Cloud
from localcloud.core.paging import paged
from localcloud.core.refusal import Refusal, not_implemented
from localcloud.core.service import Part, operation
from localcloud.core.tokens import Tokens
from localcloud.services.codebuild.build import Build
from localcloud.services.codebuild.errors import INVALID, NOT_FOUND, PAGES
from localcloud.services.codebuild.executor import Executor
from localcloud.services.codebuild.overrides import new_build
from localcloud.services.codebuild.projects import Projects

MAX_IDS = 100


class Builds(Part):
    def __init__(self, cloud: Cloud, projects: Projects, executor: Executor) -> None:
        self.cloud, self.projects, self.executor = cloud, projects, executor
        self.builds: dict[str, Build] = {}  # by id, the oldest first
        self._numbers: dict[str, int] = {}  # the last build's, by project
        self._tokens = Tokens(cloud.clock, member="idempotencyToken", conflict=INVALID)

    def reset(self) -> None:
        self.executor.abandon(self.builds.values())
        self.builds.clear()
        self._numbers.clear()
        self._tokens.reset()

    def close(self) -> None:
        with self.cloud.lock:
            self.executor.abandon(self.builds.values())
        self.executor.close()

    @operation("StartBuild")
    def start_build(self, request: dict[str, Any]) -> dict[str, Any]:
        return {"build": self.start(request).describe()}

    def start(self, request: Mapping[str, Any], **members: Any) -> Build:
        """Under the lock. ``members`` of the build are those that only a pipeline can set: initiator, artifacts, ..."""
        return self._tokens.once("StartBuild", dict(request), lambda request: self._start(request, members))

    def _start(self, request: Mapping[str, Any], members: Mapping[str, Any]) -> Build:
        project = self.projects.get(request["projectName"])
        self._check_limit(project)
        number = self._numbers.get(project["name"], 0) + 1
        build = new_build(project, request, self.cloud, str(uuid.uuid4()), number)
        if build.source["type"] == "CODEPIPELINE" and not members:
            raise Refusal(INVALID, "The source of this project is CODEPIPELINE: start its pipeline instead.")
        for name, value in members.items():
            setattr(build, name, value)
        self._numbers[project["name"]] = number
        self.builds[build.id] = build
        self.executor.submit(build)
        return build

    def _check_limit(self, project: Mapping[str, Any]) -> None:
        limit = project.get("concurrentBuildLimit")
        active = sum(not build.complete and build.project == project["name"] for build in self.builds.values())
        if limit and active >= limit:
            sentence = f"Cannot have more than {limit} active builds for the project"
            raise Refusal("AccountLimitExceededException", sentence)

    @operation("RetryBuild")
    def retry_build(self, request: dict[str, Any]) -> dict[str, Any]:
        old = self._build(request.get("id", ""))
        if old.source["type"] == "CODEPIPELINE":
            raise Refusal(INVALID, "A build of a pipeline cannot be retried: retry the pipeline's stage.")
        repeated = {name: value for name, value in old.request.items() if name != "idempotencyToken"}
        token = {name: request[name] for name in ("idempotencyToken",) if name in request}
        return self.start_build({**repeated, **token})

    @operation("StopBuild")
    def stop_build(self, request: dict[str, Any]) -> dict[str, Any]:
        build = self._build(request["id"])
        self.executor.stop(build)
        return {"build": build.describe()}

    @operation("BatchGetBuilds")
    def batch_get_builds(self, request: dict[str, Any]) -> dict[str, Any]:
        ids = [_id(name) for name in request["ids"]]
        if len(ids) > MAX_IDS:
            raise Refusal(INVALID, f"At most {MAX_IDS} builds can be requested at once.")
        builds = [self.builds[build_id].describe() for build_id in ids if build_id in self.builds]
        return {"builds": builds, "buildsNotFound": [build_id for build_id in ids if build_id not in self.builds]}

    @operation("BatchDeleteBuilds")
    def batch_delete_builds(self, request: dict[str, Any]) -> dict[str, Any]:
        deleted, kept = [], []
        for build_id in map(_id, request["ids"]):
            build = self.builds.get(build_id)
            if build and not build.complete:
                kept.append({"id": build_id, "statusCode": "BUILD_IN_PROGRESS"})
            elif build:
                deleted.append(self.builds.pop(build_id).arn)
        return {"buildsDeleted": deleted, "buildsNotDeleted": kept}

    @operation("ListBuilds")
    def list_builds(self, request: dict[str, Any]) -> dict[str, Any]:
        return self._list_builds(request, list(self.builds.values()))

    @operation("ListBuildsForProject")
    def list_builds_for_project(self, request: dict[str, Any]) -> dict[str, Any]:
        name = self.projects.get(request["projectName"])["name"]
        return self._list_builds(request, [build for build in self.builds.values() if build.project == name])

    @operation("StartBuildBatch")
    def start_build_batch(self, _: dict[str, Any]) -> dict[str, Any]:
        raise not_implemented("A batch of builds")

    def _list_builds(self, request: dict[str, Any], builds: list[Build]) -> dict[str, Any]:
        ids = [build.id for build in builds]
        newest_first = request.get("sortOrder", "DESCENDING") == "DESCENDING"
        return paged(ids[::-1] if newest_first else ids, request, "ids", **PAGES)

    def _build(self, name: str) -> Build:
        if _id(name) not in self.builds:
            raise Refusal(NOT_FOUND, f"Build {name} does not exist.")
        return self.builds[_id(name)]


def _id(name: str) -> str:
    """A build may be named by its ARN."""
    return name.rpartition(":build/")[2]
