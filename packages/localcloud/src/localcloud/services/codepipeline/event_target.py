"""A pipeline as the target of a rule: the target's input is StartPipelineExecution's request without the name."""

from __future__ import annotations

from functools import partial

from localcloud.core.access.principal import Principal
from localcloud.core.cloud import Cloud
from localcloud.services.events.api_targets import call_api
from localcloud.services.events.invocation import Invocation
from localcloud.services.events.target_kinds import TargetKind, TargetKinds


def add_pipeline_target(kinds: TargetKinds, cloud: Cloud) -> None:
    kinds.add("codepipeline", "", TargetKind(partial(start_pipeline, cloud), needs_role=True))


def start_pipeline(cloud: Cloud, invocation: Invocation, principal: Principal) -> None:
    members, operation = {"name": invocation.arn.name}, "StartPipelineExecution"
    call = cloud.client_as(principal, "codepipeline").start_pipeline_execution
    call_api(call, invocation, idempotency_member="clientRequestToken", members=members, operation=operation)
