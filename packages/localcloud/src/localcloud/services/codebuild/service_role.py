"""The role of a project: everything that a build does is done in a session of it."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from localcloud.core.refusal import Refusal

if TYPE_CHECKING:
    from localcloud.core.access.principal import Principal
    from localcloud.core.cloud import Cloud

SERVICE = "codebuild.amazonaws.com"
NOT_ASSUMABLE = "CodeBuild is not authorized to perform: sts:AssumeRole on {role}"
NO_LOG_STREAM = (
    "Service role {role} does not allow AWS CodeBuild to create Amazon CloudWatch Logs log streams for build {build}. "
    "Error message: {reason}"
)


class AccessDenied(Exception):
    """What the role does not allow, as one sentence."""


def open_session(cloud: Cloud, project: str, role: str, name: str) -> Principal:
    """Raises AccessDenied."""
    with suppress(Refusal):
        if ":role/" in role:
            source = cloud.arn("codebuild", f"project/{project}")
            return cloud.access.assume(role, f"AWSCodeBuild-{name}", service=SERVICE, source_arn=source)
    raise AccessDenied(NOT_ASSUMABLE.format(role=role))
