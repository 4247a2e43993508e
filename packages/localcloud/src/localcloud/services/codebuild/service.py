"""CodeBuild: builds run here, as shells of this machine, with its own programs; the image is only a name.

Not reproduced: images and containers (a build sees this machine's files and programs), compute types, VPCs, batches,
fleets, sandboxes, webhooks, badges, reports on coverage, logs on S3, what a service role may do.
"""

from __future__ import annotations

from typing import ClassVar

from localcloud.services.codebuild.builds import Builds
from localcloud.services.codebuild.event_target import add_build_target
from localcloud.services.codebuild.reports import INVALID, Reports
from localcloud.services.events.service import Events


class CodeBuild(Builds, Reports):
    name: ClassVar[str] = "codebuild"
    validation_code: ClassVar[str] = INVALID

    def connect(self) -> None:
        super().connect()
        if isinstance(events := self.cloud.services.get("events"), Events):
            add_build_target(events.target_kinds, self.cloud.client)
