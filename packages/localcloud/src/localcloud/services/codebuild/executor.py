"""Runs builds: a build waits in the queue for its turn, and runs on a thread of its own."""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from localcloud.core.cloud import Cloud
from localcloud.core.counters import DEFECTS
from localcloud.runtime.jobs.queue import Queue
from localcloud.services.codebuild.build import ABANDON, COMPLETED, STOP, TIME_OUT, Build, Phase
from localcloud.services.codebuild.events import emit_build_metrics, emit_build_state
from localcloud.services.codebuild.phase_failure import PhaseFailed, code_of, end_failure
from localcloud.services.codebuild.phases import Phases
from localcloud.services.codebuild.reports import Reports
from localcloud.services.codebuild.run import Run
from localcloud.services.codebuild.service_role import AccessDenied, open_session

log = logging.getLogger(__name__)
Listener = Callable[[Build], None]
MIN_SLOTS = 4  # builds mostly wait for what they started elsewhere


class Executor:
    minute = 60.0  # seconds; shorter in tests

    def __init__(self, cloud: Cloud, reports: Reports) -> None:
        self.cloud, self.reports, self.phases = cloud, reports, Phases(cloud)
        self.queue = Queue(max(MIN_SLOTS, Queue().slots))
        self._listeners: list[Listener] = []

    def on_end(self, listener: Listener) -> None:
        """Calls the listener, under the lock, when a build has ended."""
        self._listeners.append(listener)

    def submit(self, build: Build) -> None:
        """Under the lock."""
        with self.phases.during(build, "SUBMITTED"):
            pass
        queued = self.phases.enter(build, "QUEUED")
        emit_build_state(self.cloud, build)
        build.ticket, starts = self.queue.put(build.id, 1, lambda: self._execute(build, queued))
        if not starts:
            timer = threading.Timer(build.minutes("queuedTimeoutInMinutes") * self.minute, self._time_out, (build,))
            timer.daemon = True
            timer.start()

    def stop(self, build: Build) -> None:
        """Under the lock; does not change a complete build."""
        if build.complete or build.end_reason:
            return
        build.end_reason = STOP
        if build.ticket and self.queue.cancel(build.ticket):
            self._end_queued(build, STOP)

    def abandon(self, builds: Iterable[Build]) -> None:
        """Under the lock; ends the builds without any events."""
        for build in builds:
            build.end_reason = build.end_reason if build.complete else ABANDON
            if build.ticket:
                self.queue.cancel(build.ticket)

    def close(self) -> None:
        self.queue.close()

    def _time_out(self, build: Build) -> None:
        with self.cloud.lock:
            if build.ticket and not build.complete and self.queue.cancel(build.ticket):
                self._end_queued(build, TIME_OUT)

    def _end_queued(self, build: Build, reason: str) -> None:
        failure, queued = end_failure(reason), build.phases[-1]
        queued.contexts = (failure.context,)
        self.phases.end(build, queued, failure.status)
        self._end(build, failure.status)

    def _execute(self, build: Build, queued: Phase) -> None:
        with self.cloud.lock:
            if build.complete or build.end_reason == ABANDON:
                return
            self.phases.end(build, queued)
        folder = self.cloud.folder / "codebuild" / "builds" / build.id.replace(":", "-")
        try:
            status = self._run(build, folder)
            with self.cloud.lock:
                if build.end_reason != ABANDON:
                    self._end(build, status)
        finally:  # takes seconds for a .venv: nothing waits for it
            shutil.rmtree(folder, ignore_errors=True)

    def _run(self, build: Build, folder: Path) -> str:
        try:
            return self._run_in(folder.resolve(), build)
        except Exception:
            if build.end_reason != ABANDON:  # else the cloud closes, and S3 with it
                log.exception("build %s failed inside localcloud", build.id)
                self.cloud.counters.count(DEFECTS)
            return "FAULT"

    def _run_in(self, folder: Path, build: Build) -> str:
        deadline = time.monotonic() + build.minutes("timeoutInMinutes") * self.minute
        try:
            session = open_session(self.cloud, build.project, build.settings["serviceRole"], build.uuid)
        except AccessDenied as denied:
            return self.phases.fail(build, "PROVISIONING", PhaseFailed(code_of(denied), str(denied)))
        return Run(self.cloud, session, self.phases, self.reports, build, folder, deadline).run()

    def _end(self, build: Build, status: str) -> None:
        last = self.phases.enter(build, COMPLETED)
        last.ended = build.ended = self.cloud.clock.now()
        build.status = last.status = status
        emit_build_state(self.cloud, build)
        emit_build_metrics(self.cloud, build)
        for listener in self._listeners:
            listener(build)
