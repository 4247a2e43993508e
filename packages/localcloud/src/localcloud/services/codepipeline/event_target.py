"""A pipeline as the target of a rule: the target's input is StartPipelineExecution's request without the name.

An unchanged event is no input: the pipeline just starts. What a rule's Input or InputTransformer produces must be a
request that CodePipeline accepts.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

from localcloud.services.events.invocation import DeliveryFailure, Invocation
from localcloud.services.events.target_kinds import TargetKind, TargetKinds
from localcloud.services.events.transform import INPUT_MEMBERS


def add_pipeline_target(kinds: TargetKinds, client: Callable[[str], Any]) -> None:
    kinds.add("codepipeline", "", TargetKind(partial(start_pipeline, client), needs_role=True))


def start_pipeline(client: Callable[[str], Any], invocation: Invocation) -> None:
    """The invocation's token, unless the input has one, keeps a repeated attempt from starting a second execution."""
    from botocore.exceptions import ParamValidationError

    members = _members(invocation)
    request = {"clientRequestToken": invocation.id, **members, "name": invocation.arn.name}
    try:
        client("codepipeline").start_pipeline_execution(**request)
    except ParamValidationError as error:
        raise DeliveryFailure("INVALID_PARAMETER", " ".join(str(error).split())) from None


def _members(invocation: Invocation) -> dict[str, Any]:
    if not any(member in invocation.target for member in INPUT_MEMBERS):
        return {}
    try:
        members = json.loads(invocation.payload())
    except ValueError:
        members = None
    if not isinstance(members, dict):
        sentence = f"StartPipelineExecution needs a JSON object, not: {invocation.payload()}"
        raise DeliveryFailure("INVALID_PARAMETER", sentence)
    return members
