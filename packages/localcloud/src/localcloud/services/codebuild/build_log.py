"""The log of a build: its secrets are masked."""

from __future__ import annotations

from collections.abc import Sequence

from localcloud.core.cloud import Cloud
from localcloud.services.codebuild.build import Build
from localcloud.services.codebuild.variables import masked


class BuildLog:
    def __init__(self, cloud: Cloud, build: Build) -> None:
        self._cloud, self._build = cloud, build
        self.secrets: Sequence[str] = ()

    def mask(self, text: str) -> str:
        return masked(text, self.secrets)

    def write(self, text: str) -> None:
        """Lines of CodeBuild itself."""
        time = f"{self._cloud.clock.now():%Y/%m/%d %H:%M:%S.%f}"
        for line in self.mask(text).splitlines():
            self.write_output(f"[Container] {time} {line}")

    def write_output(self, line: str) -> None:
        """A line of a command."""
        if self._build.log_group:
            self._cloud.log(self._build.log_group, self._build.log_stream, [self.mask(line)])
