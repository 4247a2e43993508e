"""CodeBuild: builds run here, as shells of this machine, with its own programs; the image is only a name.

Not reproduced: images and containers (a build sees this machine's files and programs), compute types, VPCs, batches,
fleets, sandboxes, webhooks, badges, reports on coverage, logs on S3, what a service role may do.
"""

from __future__ import annotations

from typing import ClassVar

from localcloud.services.codebuild import event_target  # noqa: F401 - registers builds as a target of events
from localcloud.services.codebuild.builds import Builds
from localcloud.services.codebuild.reports import INVALID, Reports


class CodeBuild(Builds, Reports):
    name: ClassVar[str] = "codebuild"
    validation_code: ClassVar[str] = INVALID
