"""A pipeline as the target of a rule: what the target is given is StartPipelineExecution's request, without the name.

An event as it came says nothing to a pipeline, which then just starts; what a rule's Input or InputTransformer makes
must be a request that CodePipeline takes.
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
    """Unless the target gives a token, the invocation's makes a repeated attempt start nothing twice."""
    from botocore.exceptions import ParamValidationError

    asked = _asked(invocation)
    request = {"clientRequestToken": invocation.id, **asked, "name": invocation.resource}
    try:
        client("codepipeline").start_pipeline_execution(**request)
    except ParamValidationError as error:
        raise DeliveryFailure("INVALID_PARAMETER", " ".join(str(error).split())) from None


def _asked(invocation: Invocation) -> dict[str, Any]:
    if not any(member in invocation.target for member in INPUT_MEMBERS):
        return {}
    try:
        asked = json.loads(invocation.payload())
    except ValueError:
        asked = None
    if not isinstance(asked, dict):
        sentence = f"StartPipelineExecution needs a JSON object, not: {invocation.payload()}"
        raise DeliveryFailure("INVALID_PARAMETER", sentence)
    return asked
