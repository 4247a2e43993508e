"""Builds: started, stopped, retried, described. Each runs on a thread of its own when its turn comes."""

from __future__ import annotations

import logging
import shutil
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from localcloud.core.cloud import Cloud
from localcloud.core.counters import DEFECTS
from localcloud.core.paging import paged
from localcloud.core.refusal import Refusal, not_implemented
from localcloud.core.service import Part, operation
from localcloud.core.tokens import Tokens
from localcloud.runtime.jobs.queue import Queue
from localcloud.services.codebuild.build import ABANDON, COMPLETED, STOP, Build, Phase
from localcloud.services.codebuild.errors import INVALID, NOT_FOUND, PAGES
from localcloud.services.codebuild.events import emit_build_state
from localcloud.services.codebuild.overrides import new_build
from localcloud.services.codebuild.phases import Phases
from localcloud.services.codebuild.projects import Projects
from localcloud.services.codebuild.reports import Reports
from localcloud.services.codebuild.run import ENDINGS, Run

log = logging.getLogger(__name__)
Listener = Callable[[Build], None]
CONCURRENT = 4  # at least: builds mostly wait for what they started elsewhere
MOST_IDS = 100


class Builds(Part):
    minute = 60.0  # seconds; a test's are shorter

    def __init__(self, cloud: Cloud, projects: Projects, reports: Reports) -> None:
        self.cloud, self.projects, self.reports = cloud, projects, reports
        self.phases = Phases(cloud)
        self.builds: dict[str, Build] = {}  # by id, the oldest first
        self._numbers: dict[str, int] = {}  # the last build's, by project
        self._tokens = Tokens(cloud.clock, member="idempotencyToken", conflict=INVALID)
        self._listeners: list[Listener] = []
        self.queue = Queue(max(CONCURRENT, Queue().slots))

    def reset(self) -> None:
        self._abandon()
        self.builds.clear()
        self._numbers.clear()
        self._tokens.reset()

    def close(self) -> None:
        with self.cloud.lock:
            self._abandon()
        self.queue.close()

    def _abandon(self) -> None:
        for build in self.builds.values():
            build.end_reason = build.end_reason if build.over else ABANDON
            if build.ticket:
                self.queue.cancel(build.ticket)

    def on_build_end(self, listener: Listener) -> None:
        """Called under the lock when a build has ended."""
        self._listeners.append(listener)

    @operation("StartBuild")
    def start_build(self, request: dict[str, Any]) -> dict[str, Any]:
        return {"build": self.start(request).describe()}

    def start(self, request: Mapping[str, Any], **members: Any) -> Build:
        """Under the lock. ``members`` of the build are those that only a pipeline can set: initiator, artifacts, ..."""
        return self._tokens.once("StartBuild", dict(request), lambda request: self._start(request, members))

    def _start(self, request: Mapping[str, Any], members: Mapping[str, Any]) -> Build:
        project = self.projects.get(request["projectName"])
        limit = project.get("concurrentBuildLimit")
        running = sum(not build.over and build.project == project["name"] for build in self.builds.values())
        if limit and running >= limit:
            raise Refusal(
                "AccountLimitExceededException", f"Cannot have more than {limit} active builds for the project"
            )
        number = self._numbers.get(project["name"], 0) + 1
        build = new_build(project, request, self.cloud, str(uuid.uuid4()), number)
        if build.source["type"] == "CODEPIPELINE" and not members:
            raise Refusal(INVALID, "The source of this project is CODEPIPELINE: start its pipeline instead.")
        for name, value in members.items():
            setattr(build, name, value)
        self._numbers[project["name"]] = number
        self.builds[build.id] = build
        self._begin(build)
        return build

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
        self.stop(build)
        return {"build": build.describe()}

    def stop(self, build: Build) -> None:
        """Under the lock; nothing happens to a build that is over."""
        if build.over or build.end_reason:
            return
        build.end_reason = STOP
        if build.ticket and self.queue.cancel(build.ticket):
            self._end_queued(build, STOP)

    @operation("BatchGetBuilds")
    def batch_get_builds(self, request: dict[str, Any]) -> dict[str, Any]:
        ids = [_id(name) for name in request["ids"]]
        if len(ids) > MOST_IDS:
            raise Refusal(INVALID, f"At most {MOST_IDS} builds can be requested at once.")
        found = [self.builds[each].describe() for each in ids if each in self.builds]
        return {"builds": found, "buildsNotFound": [each for each in ids if each not in self.builds]}

    @operation("BatchDeleteBuilds")
    def batch_delete_builds(self, request: dict[str, Any]) -> dict[str, Any]:
        deleted, kept = [], []
        for build_id in map(_id, request["ids"]):
            build = self.builds.get(build_id)
            if build and not build.over:
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

    def _begin(self, build: Build) -> None:
        with self.phases.during(build, "SUBMITTED"):
            pass
        queued = self.phases.enter(build, "QUEUED")
        emit_build_state(self.cloud, build)
        build.ticket, starts = self.queue.put(build.id, 1, lambda: self._work(build, queued))
        if not starts:
            timer = threading.Timer(build.minutes("queuedTimeoutInMinutes") * self.minute, self._expire, (build,))
            timer.daemon = True
            timer.start()

    def _expire(self, build: Build) -> None:
        with self.cloud.lock:
            if build.ticket and not build.over and self.queue.cancel(build.ticket):
                self._end_queued(build, "time out")

    def _end_queued(self, build: Build, why: str) -> None:
        status, code, message = ENDINGS[why]
        queued = build.phases[-1]
        queued.contexts = ({"statusCode": code, "message": message},)
        self.phases.end(build, queued, status)
        self._end(build, status)

    def _work(self, build: Build, queued: Phase) -> None:
        with self.cloud.lock:
            if build.over or build.end_reason == ABANDON:
                return
            self.phases.end(build, queued)
        folder = self.cloud.folder / "codebuild" / "builds" / build.id.replace(":", "-")
        try:
            folder.mkdir(parents=True)
            status = self._run(build, folder.resolve())
        except Exception:
            if build.end_reason == ABANDON:  # the cloud goes away, and S3 with it
                return
            log.exception("build %s failed inside localcloud", build.id)
            self.cloud.counters.count(DEFECTS)
            status = "FAULT"
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        with self.cloud.lock:
            if build.end_reason != ABANDON:
                self._end(build, status)

    def _run(self, build: Build, folder: Path) -> str:
        deadline = time.monotonic() + build.minutes("timeoutInMinutes") * self.minute
        return Run(self.cloud, self.phases, self.reports, build, folder, deadline).run()

    def _end(self, build: Build, status: str) -> None:
        last = self.phases.enter(build, COMPLETED)
        last.ended = build.ended = self.cloud.clock.now()
        build.status = last.status = status
        emit_build_state(self.cloud, build)
        self._emit_metrics(build)
        for listener in self._listeners:
            listener(build)

    def _emit_metrics(self, build: Build) -> None:
        took = (build.phases[-1].started - build.created).total_seconds()
        outcome = {"SUCCEEDED": "SucceededBuilds"}.get(build.status, "FailedBuilds")
        for dimensions in ({}, {"ProjectName": build.project}):
            for name in ("Builds", outcome):
                self.cloud.metric("AWS/CodeBuild", name, 1, dimensions, "Count")
            self.cloud.metric("AWS/CodeBuild", "Duration", took, dimensions, "Seconds")

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
