"""Starts the operations on stacks: each on a worker thread, after the one in progress on the same stack."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from concurrent.futures import wait
from typing import Any

from localcloud.core.cloud import Cloud
from localcloud.core.service import Part
from localcloud.services.cloudformation import principals, workflows
from localcloud.services.cloudformation.deployment import Deployment
from localcloud.services.cloudformation.evaluation import Location
from localcloud.services.cloudformation.exports import Exports
from localcloud.services.cloudformation.failures import OperationCancelled
from localcloud.services.cloudformation.resource_actions import ResourceActions
from localcloud.services.cloudformation.stack import Stack
from localcloud.services.cloudformation.stack_definition import StackDefinition
from localcloud.services.cloudformation.stack_events import StackEvents
from localcloud.services.cloudformation.stack_registry import StackRegistry

log = logging.getLogger(__name__)
RESPONSE_SECONDS = 20.0  # real time
CLOSE_SECONDS = 10.0
USER_INITIATED = "User Initiated"


class StackOperations(Part):
    """The methods that start an operation are called under ``cloud.lock``, ``wait`` without it."""

    def __init__(
        self, cloud: Cloud, registry: StackRegistry, exports: Exports, events: StackEvents, location: Location
    ) -> None:
        self._cloud, self._registry, self._exports = cloud, registry, exports
        self._events, self._location = events, location
        self.response_seconds = RESPONSE_SECONDS

    def close(self) -> None:
        """StackOperations in progress end after their current resource."""
        with self._cloud.lock:
            operations = [stack.operation for stack in self._registry.stacks.values() if stack.operation]
            self._registry.reset()
        wait(operations, CLOSE_SECONDS)

    def create(self, stack: Stack, definition: StackDefinition, request: Mapping[str, Any], on_failure: str) -> None:
        stack.definition = definition
        actions = self._begin(stack, "CREATE_IN_PROGRESS", request)
        deployment = Deployment(actions, self._exports, self._location, definition)
        self._start(stack, workflows.create, deployment, on_failure, request.get("RetainExceptOnCreate", False))

    def update(self, stack: Stack, definition: StackDefinition, request: Mapping[str, Any]) -> None:
        stack.executed_change_set = None
        for change_set in stack.change_sets.values():
            change_set.invalidate()
        actions = self._begin(stack, "UPDATE_IN_PROGRESS", request)
        stack.update_time = self._cloud.clock.now()
        deployment = Deployment(actions, self._exports, self._location, definition)
        keep, retain = request.get("DisableRollback", False), request.get("RetainExceptOnCreate", False)
        self._start(stack, workflows.update, deployment, keep, retain)

    def continue_rollback(self, stack: Stack, request: Mapping[str, Any]) -> None:
        if stack.rollback:
            actions = self._begin(stack, "UPDATE_ROLLBACK_IN_PROGRESS", request)
            self._start(stack, stack.rollback, actions.principal, request.get("ResourcesToSkip", []))

    def delete(self, stack: Stack, request: Mapping[str, Any], *, force: bool) -> None:
        status_before, stack.executed_change_set = stack.status, None
        actions = self._begin(stack, "DELETE_IN_PROGRESS", request)
        retained = request.get("RetainResources", [])
        self._start(stack, workflows.delete, actions, self._exports, status_before, retained, force)

    def wait(self, stack: Stack) -> None:
        """Delays a response until the operation is done: AWS's waiters poll at once, and then only every 30 s."""
        if stack.operation:
            wait([stack.operation], self.response_seconds)

    def _begin(self, stack: Stack, status: str, request: Mapping[str, Any]) -> ResourceActions:
        principal = principals.of_operation(self._cloud.access, request, stack)
        actions = ResourceActions(self._cloud, principal, self._events, stack, request.get("ClientRequestToken", ""))
        actions.set_stack_status(status, USER_INITIATED)
        return actions

    def _start(self, stack: Stack, workflow: Callable[..., None], *arguments: Any) -> None:
        previous = stack.operation

        def run() -> None:
            if previous:
                wait([previous])
            try:
                workflow(*arguments)
            except OperationCancelled:
                log.info("the operation on stack %s stops: the cloud was reset or shuts down", stack.name)

        stack.operation = self._cloud.work(run)
