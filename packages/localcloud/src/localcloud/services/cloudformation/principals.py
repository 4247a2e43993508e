"""As whom CloudFormation acts: its caller, or the role of the stack, which all its later operations use as well."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localcloud.core.access.access import Access
from localcloud.core.access.caller import caller
from localcloud.core.access.principal import Principal
from localcloud.core.refusal import Refusal
from localcloud.services.cloudformation.errors import validation_error
from localcloud.services.cloudformation.stack import Stack

SERVICE, SESSION = "cloudformation.amazonaws.com", "AWSCloudFormation"


def of_operation(access: Access, request: Mapping[str, Any], stack: Stack | None) -> Principal:
    """To be called within the request that starts the operation."""
    role = request.get("RoleARN") or (stack.definition.settings.get("RoleARN") if stack else None)
    if not role:
        return caller()
    try:
        return access.assume(role, SESSION, service=SERVICE)
    except Refusal:
        raise validation_error(f"Role {role} is invalid or cannot be assumed") from None
