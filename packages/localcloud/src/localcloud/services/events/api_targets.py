"""Targets that are calls of an API: the input is the call's request, as far as the target itself does not set it.

An unchanged event is no input. What a rule's Input or InputTransformer produces must be a request that the API accepts.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from localcloud.services.events.invocation import DeliveryFailure, Invocation
from localcloud.services.events.transform import INPUT_MEMBERS


def call_api(
    call: Callable[..., Any],
    invocation: Invocation,
    *,
    operation: str,
    idempotency_member: str,
    members: Mapping[str, Any],
) -> None:
    """``idempotency_member`` keeps a repeated attempt from a second effect; the input may set it."""
    from botocore.exceptions import ParamValidationError

    request = {idempotency_member: invocation.id, **_input(invocation, operation), **members}
    try:
        call(**request)
    except ParamValidationError as error:
        raise DeliveryFailure("INVALID_PARAMETER", " ".join(str(error).split())) from None


def _input(invocation: Invocation, operation: str) -> dict[str, Any]:
    if not any(member in invocation.target for member in INPUT_MEMBERS):
        return {}
    try:
        members = json.loads(invocation.payload())
    except ValueError:
        members = None
    if not isinstance(members, dict):
        sentence = f"{operation} needs a JSON object, not: {invocation.payload()}"
        raise DeliveryFailure("INVALID_PARAMETER", sentence)
    return members
