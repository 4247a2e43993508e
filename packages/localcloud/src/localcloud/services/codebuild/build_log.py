"""The log of a build: its secrets are masked."""

from __future__ import annotations

from collections.abc import Sequence

from localcloud.core.access.principal import Principal
from localcloud.core.cloud import Cloud
from localcloud.core.log_stream import LogStream
from localcloud.services.codebuild.build import Build
from localcloud.services.codebuild.service_role import NO_LOG_STREAM, AccessDenied
from localcloud.services.codebuild.variables import masked


class BuildLog:
    def __init__(self, cloud: Cloud, session: Principal, build: Build) -> None:
        self._cloud, self._build = cloud, build
        self._stream = LogStream(cloud, session, build.log_group, build.log_stream) if build.log_group else None
        self.secrets: Sequence[str] = ()

    def open(self) -> None:
        """Raises AccessDenied."""
        if self._stream and self._stream.refusal:
            reason, role = self._stream.refusal.message, self._build.settings["serviceRole"]
            raise AccessDenied(NO_LOG_STREAM.format(role=role, build=self._build.arn, reason=reason))

    def mask(self, text: str) -> str:
        return masked(text, self.secrets)

    def write(self, text: str) -> None:
        """Lines of CodeBuild itself."""
        time = f"{self._cloud.clock.now():%Y/%m/%d %H:%M:%S.%f}"
        for line in self.mask(text).splitlines():
            self.write_output(f"[Container] {time} {line}")

    def write_output(self, line: str) -> None:
        """A line of a command."""
        if self._stream:
            self._stream.write([self.mask(line)])
