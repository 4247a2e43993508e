"""The role of a pipeline, under which its actions act; an action may have one of its own, which the former assumes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localcloud.core.access.principal import Principal
from localcloud.core.cloud import Cloud
from localcloud.core.refusal import Refusal
from localcloud.services.codepipeline.actions import ActionFailed
from localcloud.services.codepipeline.records import ActionRun, Execution
from localcloud.services.codepipeline.structure import STRUCTURE

SERVICE = "codepipeline.amazonaws.com"
PERMISSION = "PermissionError"  # the code of an action that its role does not allow
LONGEST_SESSION = 64


class NotAssumable(Exception):
    """The message is AWS's sentence."""


def of_action(cloud: Cloud, execution: Execution, run: ActionRun) -> Principal:
    """Raises ActionFailed."""
    try:
        return _session(cloud, execution.declaration, run.declaration.get("roleArn"))
    except NotAssumable as problem:
        raise ActionFailed(PERMISSION, str(problem)) from None


def check(cloud: Cloud, declaration: Mapping[str, Any]) -> None:
    """Refuses a pipeline whose roles cannot be assumed."""
    actions = [action for stage in declaration["stages"] for action in stage["actions"]]
    try:
        for role in {action.get("roleArn") for action in actions}:
            _session(cloud, declaration, role)
    except NotAssumable as problem:
        raise Refusal(STRUCTURE, str(problem)) from None


def _session(cloud: Cloud, declaration: Mapping[str, Any], own: str | None) -> Principal:
    """``own`` is the role of the action."""
    access, role, session = cloud.access, declaration["roleArn"], declaration["name"][:LONGEST_SESSION]
    source = cloud.arn("codepipeline", declaration["name"])
    try:
        principal = access.assume(role, session, service=SERVICE, source_arn=source)
    except Refusal:
        raise NotAssumable(f"CodePipeline is not authorized to perform AssumeRole on role {role}") from None
    if not own or not access.enforced:
        return principal
    try:
        return access.assume_role(principal, own, session)
    except Refusal:
        raise NotAssumable(f"{role} is not authorized to perform AssumeRole on role {own}") from None
