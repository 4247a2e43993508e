"""The role of a pipeline: everything that its actions do is done under it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localcloud.core.access.principal import Principal
from localcloud.core.cloud import Cloud
from localcloud.core.refusal import Refusal
from localcloud.services.codepipeline.actions import ActionFailed
from localcloud.services.codepipeline.records import Execution

SERVICE = "codepipeline.amazonaws.com"
PERMISSION = "PermissionError"  # the code of an action that its role does not allow
LONGEST_SESSION = 64


def assume(cloud: Cloud, declaration: Mapping[str, Any]) -> Principal:
    """The session of a pipeline's role. Raises a Refusal."""
    name = declaration["name"]
    source = cloud.arn("codepipeline", name)
    return cloud.access.assume(declaration["roleArn"], name[:LONGEST_SESSION], service=SERVICE, source_arn=source)


def of_execution(cloud: Cloud, execution: Execution) -> Principal:
    """Raises ActionFailed."""
    try:
        return assume(cloud, execution.declaration)
    except Refusal:
        raise ActionFailed(PERMISSION, not_assumable(execution.declaration["roleArn"])) from None


def not_assumable(role: str) -> str:
    return f"CodePipeline is not authorized to perform AssumeRole on role {role}"
