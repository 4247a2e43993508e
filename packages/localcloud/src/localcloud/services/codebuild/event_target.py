"""A project as the target of a rule: the target's input is StartBuild's request without the project."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

from localcloud.services.events.invocation import DeliveryFailure, Invocation
from localcloud.services.events.target_kinds import TargetKind, TargetKinds
from localcloud.services.events.transform import INPUT_MEMBERS


def add_build_target(kinds: TargetKinds, client: Callable[[str], Any]) -> None:
    kinds.add("codebuild", "project/", TargetKind(partial(start_build, client), needs_role=True))


def start_build(client: Callable[[str], Any], invocation: Invocation) -> None:
    """The token keeps a repeated attempt from starting a second build. An unchanged event is no input."""
    from botocore.exceptions import ParamValidationError

    members: dict[str, Any] = {}
    if any(member in invocation.target for member in INPUT_MEMBERS):
        try:
            members = json.loads(invocation.payload())
        except ValueError:
            raise DeliveryFailure("INVALID_PARAMETER", f"StartBuild needs JSON, not: {invocation.payload()}") from None
    if not isinstance(members, dict):
        raise DeliveryFailure("INVALID_PARAMETER", "StartBuild needs a JSON object.")
    request = {"idempotencyToken": invocation.id, **members, "projectName": invocation.arn.name}
    try:
        client("codebuild").start_build(**request)
    except ParamValidationError as error:
        raise DeliveryFailure("INVALID_PARAMETER", " ".join(str(error).split())) from None
