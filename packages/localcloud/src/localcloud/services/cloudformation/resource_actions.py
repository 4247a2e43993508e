"""What is done with one resource of a stack, and told about it: the events are AWS's."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from localcloud.core.refusal import Refusal
from localcloud.services.cloudformation import schemas
from localcloud.services.cloudformation.failures import ResourceFailed, Stopped, understood
from localcloud.services.cloudformation.order import ordered
from localcloud.services.cloudformation.resources import KINDS
from localcloud.services.cloudformation.resources.resource_type import Place, Properties
from localcloud.services.cloudformation.stack import STACK, Resource, Stack

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

DELETED = ("DELETE_COMPLETE", "DELETE_SKIPPED")


class Work:
    """One operation on one stack, on a thread of its own, without the lock but for taking notes."""

    def __init__(self, cloud: Cloud, stack: Stack, token: str = "") -> None:
        self.cloud, self.stack, self.token = cloud, stack, token

    def status(self, status: str, reason: str = "") -> None:
        with self.cloud.lock:
            tell_status(self.cloud, self.stack, status, reason, self.token)

    def tell(self, resource: Resource, status: str, reason: str = "") -> None:
        with self.cloud.lock:
            self._go_on()
            stack, now = self.stack, self.cloud.clock.now()
            resource.status, resource.reason, resource.changed = status, reason, now
            asked = json.dumps(resource.properties, default=str)
            told = {"ResourceProperties": asked, "ClientRequestToken": self.token}
            stack.happened(now, resource.logical_id, resource.type, resource.physical_id, status, reason, **told)
            detail = {
                "stack-id": stack.id,
                "logical-resource-id": resource.logical_id,
                "physical-resource-id": resource.physical_id,
                "resource-type": resource.type,
                "status-details": {"status": status, "status-reason": reason},
            }
            self.cloud.emit("aws.cloudformation", "CloudFormation Resource Status Change", detail, [stack.id])

    def create(self, resource: Resource, problem: str = "", verb: str = "CREATE", reason: str = "") -> None:
        """``verb`` is UPDATE for one that takes another's place."""
        self.tell(resource, f"{verb}_IN_PROGRESS", reason)
        place = self._place(resource)
        try:
            with understood(self.cloud, f"creating {resource.type}"):
                _refuse(problem)
                resource.physical_id = KINDS[resource.type].create(place, resource.properties)
                self._know(resource)
        except ResourceFailed as failure:
            resource.physical_id = resource.physical_id or place.physical_id
            self.tell(resource, f"{verb}_FAILED", failure.reason)
            raise
        self.tell(resource, f"{verb}_IN_PROGRESS", "Resource creation Initiated")
        self.tell(resource, f"{verb}_COMPLETE")

    def update(self, resource: Resource, before: Properties, problem: str = "") -> None:
        self.tell(resource, "UPDATE_IN_PROGRESS")
        try:
            with understood(self.cloud, f"updating {resource.type}"):
                _refuse(problem)
                place = self._place(resource)
                KINDS[resource.type].update(place, resource.physical_id, resource.properties, before)
                self._know(resource)
        except ResourceFailed as failure:
            self.tell(resource, "UPDATE_FAILED", failure.reason)
            raise
        self.tell(resource, "UPDATE_COMPLETE")

    def delete(self, resource: Resource, *, undo: bool = False) -> bool:
        """False when it cannot be deleted. What is gone already is deleted."""
        self.tell(resource, "DELETE_IN_PROGRESS")
        kind, place = KINDS[resource.type], self._place(resource)
        try:
            with understood(self.cloud, f"deleting {resource.type}"):
                (kind.undo if undo else kind.delete)(place, resource.physical_id, resource.properties)
        except ResourceFailed as failure:
            if not failure.gone:
                self.tell(resource, "DELETE_FAILED", failure.reason)
                return False
        self.tell(resource, "DELETE_COMPLETE")
        return True

    def skip(self, resource: Resource, *, undo: bool = False) -> None:
        """It stays, and is the stack's no longer."""
        reason = ""
        if undo:
            try:
                with understood(self.cloud, f"sparing {resource.type}"):
                    KINDS[resource.type].spared(self._place(resource), resource.physical_id, resource.properties)
            except ResourceFailed as failure:
                reason = failure.reason
        self.tell(resource, "DELETE_SKIPPED", reason)

    def clear(
        self, resources: Sequence[Resource], spares: Callable[[Resource], bool], *, undo: bool = False
    ) -> list[str]:
        """Delete what is there, each before what it depends on; the names of those that could not be."""
        there = {resource.logical_id: resource for resource in resources if resource.status not in DELETED}
        graph = {name: {each for each in resource.depends if each in there} for name, resource in there.items()}
        kept: set[str] = set()
        failed: list[str] = []
        for name in reversed(ordered(graph)):
            resource = there[name]
            if not resource.physical_id:
                self.tell(resource, "DELETE_COMPLETE")
            elif spares(resource):
                self.skip(resource, undo=undo)
            elif name in kept:
                kept |= graph[name]
            elif not self.delete(resource, undo=undo):
                failed.append(name)
                kept |= graph[name]
        return failed

    def _go_on(self) -> None:
        if self.stack.stopped:
            raise Stopped

    def _place(self, resource: Resource) -> Place:
        return Place(self.cloud, self.stack.name, resource.logical_id, resource.notes)

    def _know(self, resource: Resource) -> None:
        place = self._place(resource)
        resource.attributes = KINDS[resource.type].told(place, resource.physical_id, resource.properties)


def tell_status(cloud: Cloud, stack: Stack, status: str, reason: str = "", token: str = "") -> None:
    """Of the stack itself; under the lock."""
    if stack.stopped:
        raise Stopped
    stack.status, stack.reason = status, reason
    stack.happened(cloud.clock.now(), stack.name, STACK, stack.id, status, reason, ClientRequestToken=token)
    detail = {"stack-id": stack.id, "status-details": {"status": status, "status-reason": reason}}
    cloud.emit("aws.cloudformation", "CloudFormation Stack Status Change", detail, [stack.id])


def custom_named(resource: Resource, properties: Properties) -> str:
    """The name that would be taken twice if a resource of that name took this one's place; "" when it is free."""
    paths = [path.rpartition("/")[2] for path in schemas.schema(resource.type).get("primaryIdentifier", [])]
    if not paths or not set(paths) <= schemas.create_only(resource.type):
        return ""
    same = all(name in properties and properties[name] == resource.properties.get(name) for name in paths)
    return resource.physical_id if same else ""


def invalid(name: str, problems: Sequence[str]) -> str:
    listed = ", ".join(problems)
    return f"Properties validation failed for resource {name} with message: [{listed}]" if problems else ""


def _refuse(problem: str) -> None:
    if problem:
        raise Refusal("ValidationError", problem)
