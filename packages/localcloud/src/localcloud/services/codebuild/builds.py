"""Builds: started, stopped, repeated, looked at. Each runs on a thread when its turn comes."""

from __future__ import annotations

import logging
import shutil
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from localcloud.core.counters import DEFECTS
from localcloud.core.paging import paged
from localcloud.core.refusal import Refusal, not_implemented
from localcloud.core.service import operation
from localcloud.runtime.jobs.queue import Queue
from localcloud.services.codebuild import events
from localcloud.services.codebuild.build_record import ABANDON, COMPLETED, STOP, Build, Phase
from localcloud.services.codebuild.overrides import new_build
from localcloud.services.codebuild.projects import Projects
from localcloud.services.codebuild.reports import ABSENT, INVALID, PAGES
from localcloud.services.codebuild.run import ENDINGS, Run

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

log = logging.getLogger(__name__)
Listener = Callable[[Build], None]
AT_ONCE = 4  # at least: builds mostly wait for what they started elsewhere
MOST_ASKED = 100


class Builds(Projects):
    minute = 60.0  # seconds; a test's are shorter

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self.builds: dict[str, Build] = {}  # by id, the oldest first
        self._numbers: dict[str, int] = {}  # the last build's, by project
        self._tokens: dict[str, tuple[str, str]] = {}  # the request and the build, by idempotency token
        self._listeners: list[Listener] = []
        self.queue = Queue(max(AT_ONCE, Queue().slots))

    def reset(self) -> None:
        self._abandon()
        self.builds.clear()
        self._numbers.clear()
        self._tokens.clear()
        super().reset()

    def close(self) -> None:
        with self.cloud.lock:
            self._abandon()
        self.queue.close()
        super().close()

    def _abandon(self) -> None:
        for build in self.builds.values():
            build.wanted = build.wanted if build.over else ABANDON
            if build.ticket:
                self.queue.cancel(build.ticket)

    def on_build_end(self, listener: Listener) -> None:
        """Called under the lock when a build has ended."""
        self._listeners.append(listener)

    @operation("StartBuild")
    def start_build(self, request: dict[str, Any]) -> dict[str, Any]:
        return {"build": self.start(request).told()}

    def start(self, request: Mapping[str, Any], **said: Any) -> Build:
        """Under the lock. ``said`` are members of the record that only a pipeline can say: initiator, artifacts, ..."""
        token = request.get("idempotencyToken")
        same = repr(sorted(request.items(), key=lambda item: item[0]))
        if token and token in self._tokens:
            if self._tokens[token][0] != same:
                raise Refusal(INVALID, "The idempotency token was used before for another request.")
            return self.builds[self._tokens[token][1]]
        project = self.project(request["projectName"])
        limit = project.get("concurrentBuildLimit")
        running = sum(not build.over and build.project == project["name"] for build in self.builds.values())
        if limit and running >= limit:
            raise Refusal(
                "AccountLimitExceededException", f"Cannot have more than {limit} active builds for the project"
            )
        number = self._numbers.get(project["name"], 0) + 1
        build = new_build(project, request, self.cloud, str(uuid.uuid4()), number)
        if build.source["type"] == "CODEPIPELINE" and not said:
            raise Refusal(INVALID, "The source of this project is CODEPIPELINE: start its pipeline instead.")
        for name, value in said.items():
            setattr(build, name, value)
        self._numbers[project["name"]] = number
        self.builds[build.id] = build
        if token:
            self._tokens[token] = (same, build.id)
        self._begin(build)
        return build

    @operation("RetryBuild")
    def retry_build(self, request: dict[str, Any]) -> dict[str, Any]:
        old = self._build(request.get("id", ""))
        if old.source["type"] == "CODEPIPELINE":
            raise Refusal(INVALID, "A build of a pipeline cannot be retried: retry the pipeline's stage.")
        again = {name: value for name, value in old.request.items() if name != "idempotencyToken"}
        token = {name: request[name] for name in ("idempotencyToken",) if name in request}
        return self.start_build({**again, **token})

    @operation("StopBuild")
    def stop_build(self, request: dict[str, Any]) -> dict[str, Any]:
        build = self._build(request["id"])
        self.stop(build)
        return {"build": build.told()}

    def stop(self, build: Build) -> None:
        """Under the lock; one that is over stays as it is."""
        if build.over or build.wanted:
            return
        build.wanted = STOP
        if build.ticket and self.queue.cancel(build.ticket):
            self._end_queued(build, STOP)

    @operation("BatchGetBuilds")
    def batch_get_builds(self, request: dict[str, Any]) -> dict[str, Any]:
        ids = [_id(told) for told in request["ids"]]
        if len(ids) > MOST_ASKED:
            raise Refusal(INVALID, f"At most {MOST_ASKED} builds can be asked for at once.")
        found = [self.builds[one].told() for one in ids if one in self.builds]
        return {"builds": found, "buildsNotFound": [one for one in ids if one not in self.builds]}

    @operation("BatchDeleteBuilds")
    def batch_delete_builds(self, request: dict[str, Any]) -> dict[str, Any]:
        deleted, kept = [], []
        for one in map(_id, request["ids"]):
            build = self.builds.get(one)
            if build and not build.over:
                kept.append({"id": one, "statusCode": "BUILD_IN_PROGRESS"})
            elif build:
                deleted.append(self.builds.pop(one).arn)
        return {"buildsDeleted": deleted, "buildsNotDeleted": kept}

    @operation("ListBuilds")
    def list_builds(self, request: dict[str, Any]) -> dict[str, Any]:
        return self._list_builds(request, list(self.builds.values()))

    @operation("ListBuildsForProject")
    def list_builds_for_project(self, request: dict[str, Any]) -> dict[str, Any]:
        name = self.project(request["projectName"])["name"]
        return self._list_builds(request, [build for build in self.builds.values() if build.project == name])

    @operation("StartBuildBatch")
    def start_build_batch(self, _: dict[str, Any]) -> dict[str, Any]:
        raise not_implemented("A batch of builds")

    @contextmanager
    def phase(self, build: Build, kind: str) -> Iterator[Phase]:
        """From any thread; the status is that which the block gives it, else SUCCEEDED."""
        entered = self.enter(build, kind)
        try:
            yield entered
        finally:
            with self.cloud.lock:
                entered.ended, entered.status = self.cloud.clock.now(), entered.status or "SUCCEEDED"
                if build.wanted != ABANDON:
                    events.phase_ended(self.cloud, build, entered)

    def enter(self, build: Build, kind: str) -> Phase:
        with self.cloud.lock:
            phase = Phase(kind, self.cloud.clock.now())
            build.phases.append(phase)
            return phase

    def _begin(self, build: Build) -> None:
        with self.phase(build, "SUBMITTED"):
            pass
        queued = self.enter(build, "QUEUED")
        events.build_changed(self.cloud, build)
        build.ticket, begins = self.queue.put(build.id, 1, lambda: self._work(build, queued))
        if not begins:
            patience = threading.Timer(build.minutes("queuedTimeoutInMinutes") * self.minute, self._expire, (build,))
            patience.daemon = True
            patience.start()

    def _expire(self, build: Build) -> None:
        with self.cloud.lock:
            if build.ticket and not build.over and self.queue.cancel(build.ticket):
                self._end_queued(build, "time out")

    def _end_queued(self, build: Build, why: str) -> None:
        status, code, message = ENDINGS[why]
        queued = build.phases[-1]
        queued.ended, queued.status = self.cloud.clock.now(), status
        queued.contexts = ({"statusCode": code, "message": message},)
        events.phase_ended(self.cloud, build, queued)
        self._end(build, status)

    def _work(self, build: Build, queued: Phase) -> None:
        with self.cloud.lock:
            if build.over or build.wanted == ABANDON:
                return
            queued.ended, queued.status = self.cloud.clock.now(), "SUCCEEDED"
            events.phase_ended(self.cloud, build, queued)
        folder = self.cloud.folder / "codebuild" / "builds" / build.id.replace(":", "-")
        try:
            folder.mkdir(parents=True)
            status = Run(self, build, folder.resolve()).run()  # type: ignore[arg-type]
        except Exception:
            if build.wanted == ABANDON:  # the cloud goes away, and S3 with it
                return
            log.exception("build %s failed inside localcloud", build.id)
            self.cloud.counters.count(DEFECTS)
            status = "FAULT"
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        with self.cloud.lock:
            if build.wanted != ABANDON:
                self._end(build, status)

    def _end(self, build: Build, status: str) -> None:
        last = self.enter(build, COMPLETED)
        last.ended = build.ended = self.cloud.clock.now()
        build.status = last.status = status
        events.build_changed(self.cloud, build)
        self._measure(build)
        for listener in self._listeners:
            listener(build)

    def _measure(self, build: Build) -> None:
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

    def _build(self, told: str) -> Build:
        if _id(told) not in self.builds:
            raise Refusal(ABSENT, f"Build {told} does not exist.")
        return self.builds[_id(told)]


def _id(told: str) -> str:
    return told.rpartition(":build/")[2]
