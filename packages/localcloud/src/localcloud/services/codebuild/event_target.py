"""A project as the target of a rule: the target's input is StartBuild's request without the project."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from localcloud.services.events.api_targets import call_api
from localcloud.services.events.invocation import Invocation
from localcloud.services.events.target_kinds import TargetKind, TargetKinds


def add_build_target(kinds: TargetKinds, client: Callable[[str], Any]) -> None:
    kinds.add("codebuild", "project/", TargetKind(partial(start_build, client), needs_role=True))


def start_build(client: Callable[[str], Any], invocation: Invocation) -> None:
    members = {"projectName": invocation.arn.name}
    call = client("codebuild").start_build
    call_api(call, invocation, idempotency_member="idempotencyToken", members=members, operation="StartBuild")
