"""Creates, updates and deletes single resources of a stack, and records each step as AWS's events do."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from localcloud.core.access.principal import Principal
from localcloud.core.cloud import Cloud
from localcloud.services.cloudformation import dependency_graph
from localcloud.services.cloudformation.errors import validation_error
from localcloud.services.cloudformation.failures import ResourceFailure, resource_failures
from localcloud.services.cloudformation.resources import RESOURCE_TYPES
from localcloud.services.cloudformation.resources.resource_type import Context, Properties
from localcloud.services.cloudformation.stack import Resource, Stack
from localcloud.services.cloudformation.stack_events import StackEvents

DELETED = ("DELETE_COMPLETE", "DELETE_SKIPPED")
Retains = Callable[[Resource], bool]


class ResourceActions:
    """For one operation on one stack, on a worker thread; ``token`` is the operation's ClientRequestToken.

    The lock is held only to record; the services are called as the principal, without it.
    """

    def __init__(self, cloud: Cloud, principal: Principal, events: StackEvents, stack: Stack, token: str = "") -> None:
        self.cloud, self.principal, self.stack = cloud, principal, stack
        self._events, self._token = events, token

    def set_stack_status(self, status: str, reason: str = "") -> None:
        self._events.set_stack_status(self.stack, status, reason, self._token)

    def create(self, resource: Resource, problem: str = "", verb: str = "CREATE", reason: str = "") -> None:
        """``verb`` is UPDATE for a replacement."""
        self._set_status(resource, f"{verb}_IN_PROGRESS", reason)
        context = self._context(resource)
        try:
            with resource_failures(self.cloud.counters, f"creating {resource.type}"):
                _refuse(problem)
                resource.physical_id = RESOURCE_TYPES[resource.type].create(context, resource.properties)
                self._read_attributes(resource)
        except ResourceFailure as failure:
            resource.physical_id = resource.physical_id or context.physical_id
            self._set_status(resource, f"{verb}_FAILED", failure.reason)
            raise
        self._set_status(resource, f"{verb}_IN_PROGRESS", "Resource creation Initiated")
        self._set_status(resource, f"{verb}_COMPLETE")

    def update(self, resource: Resource, before: Properties, problem: str = "") -> None:
        self._set_status(resource, "UPDATE_IN_PROGRESS")
        try:
            with resource_failures(self.cloud.counters, f"updating {resource.type}"):
                _refuse(problem)
                resource_type, context = RESOURCE_TYPES[resource.type], self._context(resource)
                resource_type.update(context, resource.physical_id, resource.properties, before)
                self._read_attributes(resource)
        except ResourceFailure as failure:
            self._set_status(resource, "UPDATE_FAILED", failure.reason)
            raise
        self._set_status(resource, "UPDATE_COMPLETE")

    def delete(self, resource: Resource, *, rollback: bool = False) -> bool:
        """False when it cannot be deleted. A resource that no longer exists counts as deleted."""
        self._set_status(resource, "DELETE_IN_PROGRESS")
        resource_type, context = RESOURCE_TYPES[resource.type], self._context(resource)
        delete = resource_type.roll_back if rollback else resource_type.delete
        try:
            with resource_failures(self.cloud.counters, f"deleting {resource.type}"):
                delete(context, resource.physical_id, resource.properties)
        except ResourceFailure as failure:
            if not failure.not_found:
                self._set_status(resource, "DELETE_FAILED", failure.reason)
                return False
        self._set_status(resource, "DELETE_COMPLETE")
        return True

    def retain(self, resource: Resource, *, rollback: bool = False) -> None:
        """The resource stays, but no longer belongs to the stack."""
        reason = ""
        if rollback:
            resource_type, context = RESOURCE_TYPES[resource.type], self._context(resource)
            try:
                with resource_failures(self.cloud.counters, f"retaining {resource.type}"):
                    resource_type.retain_in_rollback(context, resource.physical_id, resource.properties)
            except ResourceFailure as failure:
                reason = failure.reason
        self._set_status(resource, "DELETE_SKIPPED", reason)

    def delete_all(self, resources: Sequence[Resource], retains: Retains, *, rollback: bool = False) -> list[str]:
        """Delete resources, each before its dependencies; returns the names of those that could not be deleted."""
        existing = {resource.logical_id: resource for resource in resources if resource.status not in DELETED}
        graph = {name: set(resource.dependencies & existing.keys()) for name, resource in existing.items()}
        in_use: set[str] = set()  # by a resource that could not be deleted
        failed: list[str] = []
        for name in reversed(dependency_graph.sort(graph)):
            resource = existing[name]
            if not resource.physical_id:
                self._set_status(resource, "DELETE_COMPLETE")
            elif retains(resource):
                self.retain(resource, rollback=rollback)
            elif name in in_use:
                in_use |= graph[name]
            elif not self.delete(resource, rollback=rollback):
                failed.append(name)
                in_use |= graph[name]
        return failed

    def _set_status(self, resource: Resource, status: str, reason: str = "") -> None:
        self._events.set_resource_status(self.stack, resource, status, reason, self._token)

    def _context(self, resource: Resource) -> Context:
        return Context(self.cloud, self.principal, self.stack.name, resource.logical_id, resource.notes)

    def _read_attributes(self, resource: Resource) -> None:
        resource_type, context = RESOURCE_TYPES[resource.type], self._context(resource)
        resource.attributes = resource_type.read_attributes(context, resource.physical_id, resource.properties)


def _refuse(problem: str) -> None:
    if problem:
        raise validation_error(problem)
