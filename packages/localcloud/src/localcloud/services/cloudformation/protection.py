"""Termination protection and stack policies. A policy is only stored: localcloud does not enforce it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from localcloud.core.refusal import not_implemented
from localcloud.core.service import Part, operation
from localcloud.services.cloudformation.errors import validation_error
from localcloud.services.cloudformation.stack_registry import StackRegistry


class Protection(Part):
    def __init__(self, registry: StackRegistry) -> None:
        self._registry = registry

    @operation("UpdateTerminationProtection")
    def update_termination_protection(self, request: dict[str, Any]) -> dict[str, Any]:
        stack = self._registry.get(request["StackName"])
        stack.termination_protection = request["EnableTerminationProtection"]
        return {"StackId": stack.id}

    @operation("SetStackPolicy")
    def set_stack_policy(self, request: dict[str, Any]) -> None:
        self._registry.get(request["StackName"]).policy = read_policy(request)

    @operation("GetStackPolicy")
    def get_stack_policy(self, request: dict[str, Any]) -> dict[str, Any]:
        stack = self._registry.get(request["StackName"])
        return {"StackPolicyBody": stack.policy} if stack.policy else {}


def read_policy(request: Mapping[str, Any]) -> str:
    """The stack policy of a request; "" when it has none."""
    if "StackPolicyURL" in request:
        raise not_implemented("CloudFormation's StackPolicyURL")
    body: str = request.get("StackPolicyBody", "")
    if body:
        try:
            json.loads(body)
        except ValueError as problem:
            raise validation_error(f"Error validating stack policy: Invalid stack policy: {problem}") from None
    return body
