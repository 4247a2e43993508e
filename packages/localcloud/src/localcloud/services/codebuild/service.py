"""CodeBuild: builds run in shells on this machine, with its own programs; the image is only a name.

Not reproduced: images and containers (a build sees this machine's files and programs), compute types, VPCs, batches,
fleets, sandboxes, webhooks, badges, reports on coverage, logs on S3.
"""

from __future__ import annotations

from typing import ClassVar

from localcloud.core.cloud import Cloud
from localcloud.core.service import Service
from localcloud.services.codebuild.builds import Builds
from localcloud.services.codebuild.errors import INVALID
from localcloud.services.codebuild.event_target import add_build_target
from localcloud.services.codebuild.executor import Executor
from localcloud.services.codebuild.projects import Projects
from localcloud.services.codebuild.reports import Reports
from localcloud.services.events.service import Events


class CodeBuild(Service):
    name: ClassVar[str] = "codebuild"
    validation_code: ClassVar[str] = INVALID

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self.projects, self.reports = Projects(cloud), Reports(cloud)
        self.executor = Executor(cloud, self.reports)
        self.builds = Builds(cloud, self.projects, self.executor)
        self.parts = (self.projects, self.reports, self.builds)

    def connect(self) -> None:
        if isinstance(events := self.cloud.services.get("events"), Events):
            add_build_target(events.target_kinds, self.cloud)
