"""Creating, updating and deleting stacks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from threading import RLock
from typing import Any

from localcloud.core.refusal import Refusal
from localcloud.core.service import Part, operation
from localcloud.services.cloudformation import capabilities
from localcloud.services.cloudformation.change_preview import ChangePreview
from localcloud.services.cloudformation.errors import validation_error
from localcloud.services.cloudformation.protection import read_policy
from localcloud.services.cloudformation.stack import Stack
from localcloud.services.cloudformation.stack_definition import StackDefinition
from localcloud.services.cloudformation.stack_operations import StackOperations
from localcloud.services.cloudformation.stack_registry import StackRegistry
from localcloud.services.cloudformation.stack_requests import StackRequests

FAILED = ("CREATE_FAILED", "UPDATE_FAILED")
UPDATABLE = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", *FAILED)
Preview = Callable[[Stack, StackDefinition], ChangePreview]


class Stacks(Part):
    def __init__(
        self,
        lock: RLock,
        registry: StackRegistry,
        requests: StackRequests,
        operations: StackOperations,
        preview: Preview,
    ) -> None:
        self._lock, self._registry, self._requests = lock, registry, requests
        self._operations, self._preview = operations, preview

    @operation("CreateStack", locked=False)
    def create_stack(self, request: dict[str, Any]) -> dict[str, Any]:
        name, token = request["StackName"], request.get("ClientRequestToken", "")
        if "OnFailure" in request and "DisableRollback" in request:
            raise validation_error("You can specify either DisableRollback or OnFailure, but not both.")
        definition = self._requests.read_definition(request, name, None)
        capabilities.check(definition.template, request.get("Capabilities", []))
        policy = read_policy(request)
        with self._lock:
            if existing := self._registry.find(name):
                if token and existing.token == token:
                    return {"StackId": existing.id}  # the same request, sent again
                raise Refusal("AlreadyExistsException", f"Stack [{name}] already exists")
            stack = self._registry.add(name, definition)
            stack.token = token
            stack.termination_protection = request.get("EnableTerminationProtection", False)
            stack.policy = policy
            self._operations.create(stack, definition, request, _on_failure(request))
        self._operations.wait(stack)
        return {"StackId": stack.id}

    @operation("UpdateStack", locked=False)
    def update_stack(self, request: dict[str, Any]) -> dict[str, Any]:
        with self._lock:
            stack = self._registry.get(request["StackName"])
            check_updatable(stack)
        definition = self._requests.read_definition(request, stack.name, stack)
        capabilities.check(definition.template, request.get("Capabilities", []))
        policy = read_policy(request)
        with self._lock:
            check_updatable(stack)
            if self._preview(stack, definition).is_empty and stack.status not in FAILED:
                raise validation_error("No updates are to be performed.")
            self._operations.update(stack, definition, request)
            stack.policy = policy or stack.policy
        self._operations.wait(stack)
        return {"StackId": stack.id}

    @operation("ContinueUpdateRollback", locked=False)
    def continue_update_rollback(self, request: dict[str, Any]) -> None:
        with self._lock:
            stack = self._registry.get(request["StackName"])
            if stack.status != "UPDATE_ROLLBACK_FAILED" or not stack.rollback:
                raise validation_error(
                    f"Stack:{stack.id} is in {stack.status} state and can not continue its rollback."
                )
            self._operations.continue_rollback(stack, request)
        self._operations.wait(stack)

    @operation("DeleteStack", locked=False)
    def delete_stack(self, request: dict[str, Any]) -> None:
        """As on AWS, a stack that does not exist counts as deleted."""
        force = request.get("DeletionMode") == "FORCE_DELETE_STACK"
        with self._lock:
            stack = self._registry.find(request["StackName"])
            if not stack or not stack.exists:
                return
            _check_deletable(stack, request, force)
            if stack.status == "REVIEW_IN_PROGRESS":
                del self._registry.stacks[stack.id]
                return
            if stack.status != "DELETE_IN_PROGRESS":
                self._operations.delete(stack, request, force=force)
        self._operations.wait(stack)


def check_updatable(stack: Stack) -> None:
    if not stack.exists or stack.status not in UPDATABLE:
        raise validation_error(f"Stack:{stack.id} is in {stack.status} state and can not be updated.")


def _check_deletable(stack: Stack, request: Mapping[str, Any], force: bool) -> None:
    if stack.termination_protection:
        raise validation_error(f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled")
    if stack.in_progress and stack.status != "DELETE_IN_PROGRESS":
        raise validation_error(f"Stack:{stack.id} is in {stack.status} state and can not be deleted.")
    if (request.get("RetainResources") or force) and stack.status != "DELETE_FAILED":
        action = "force" if force else "retain resources"
        reason = f"The stack must be in DELETE_FAILED to {action}"
        raise validation_error(f"Invalid operation on stack [{stack.id}]. {reason}")


def _on_failure(request: Mapping[str, Any]) -> str:
    return str(request.get("OnFailure") or ("DO_NOTHING" if request.get("DisableRollback") else "ROLLBACK"))
