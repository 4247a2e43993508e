"""A project as the target of a rule: the target's input is StartBuild's request without the project."""

from __future__ import annotations

from functools import partial

from localcloud.core.access.principal import Principal
from localcloud.core.cloud import Cloud
from localcloud.services.events.api_targets import call_api
from localcloud.services.events.invocation import Invocation
from localcloud.services.events.target_kinds import TargetKind, TargetKinds


def add_build_target(kinds: TargetKinds, cloud: Cloud) -> None:
    kinds.add("codebuild", "project/", TargetKind(partial(start_build, cloud), needs_role=True))


def start_build(cloud: Cloud, invocation: Invocation, principal: Principal) -> None:
    members = {"projectName": invocation.arn.name}
    call = cloud.client_as(principal, "codebuild").start_build
    call_api(call, invocation, idempotency_member="idempotencyToken", members=members, operation="StartBuild")
