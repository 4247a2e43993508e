"""A pipeline as the target of a rule: the target's input is StartPipelineExecution's request without the name."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from localcloud.services.events.api_targets import call_api
from localcloud.services.events.invocation import Invocation
from localcloud.services.events.target_kinds import TargetKind, TargetKinds


def add_pipeline_target(kinds: TargetKinds, client: Callable[[str], Any]) -> None:
    kinds.add("codepipeline", "", TargetKind(partial(start_pipeline, client), needs_role=True))


def start_pipeline(client: Callable[[str], Any], invocation: Invocation) -> None:
    members, operation = {"name": invocation.arn.name}, "StartPipelineExecution"
    call = client("codepipeline").start_pipeline_execution
    call_api(call, invocation, idempotency_member="clientRequestToken", members=members, operation=operation)
