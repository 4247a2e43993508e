"""The phases of builds: entered, ended, and reported as events."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from localcloud.core.cloud import Cloud
from localcloud.services.codebuild.build import ABANDON, Build, Phase
from localcloud.services.codebuild.events import emit_phase
from localcloud.services.codebuild.phase_failure import PhaseFailed


class Phases:
    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def enter(self, build: Build, kind: str) -> Phase:
        """From any thread."""
        with self._cloud.lock:
            phase = Phase(kind, self._cloud.clock.now())
            build.phases.append(phase)
            return phase

    def end(self, build: Build, phase: Phase, status: str = "SUCCEEDED") -> None:
        """From any thread; a status that the phase has already stays."""
        with self._cloud.lock:
            phase.ended, phase.status = self._cloud.clock.now(), phase.status or status
            if build.end_reason != ABANDON:
                emit_phase(self._cloud, build, phase)

    def fail(self, build: Build, kind: str, failure: PhaseFailed) -> str:
        """A phase that fails as soon as it begins; returns its status."""
        with self.during(build, kind) as phase:
            phase.status, phase.contexts = failure.status, (failure.context,)
        return failure.status

    @contextmanager
    def during(self, build: Build, kind: str) -> Iterator[Phase]:
        phase = self.enter(build, kind)
        try:
            yield phase
        finally:
            self.end(build, phase)
