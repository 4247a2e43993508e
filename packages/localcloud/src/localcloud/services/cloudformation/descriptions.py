"""Descriptions and lists of stacks, their events and their resources."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localcloud.core.paging import paged
from localcloud.core.service import Part, operation
from localcloud.services.cloudformation.errors import VALIDATION_ERROR, validation_error
from localcloud.services.cloudformation.stack import Stack
from localcloud.services.cloudformation.stack_registry import NO_STACK, NO_STACK_WITH_ID, StackRegistry

PAGE = 100


class Descriptions(Part):
    """Stacks and events are listed from the newest to the oldest."""

    def __init__(self, registry: StackRegistry) -> None:
        self._registry = registry

    @operation("DescribeStacks")
    def describe_stacks(self, request: dict[str, Any]) -> dict[str, Any]:
        if "StackName" in request:
            return {"Stacks": [self._registry.get(request["StackName"], NO_STACK_WITH_ID).describe()]}
        stacks = [stack.describe() for stack in reversed(list(self._registry.existing()))]
        return paged(stacks, request, "Stacks", limit=PAGE, code=VALIDATION_ERROR)

    @operation("ListStacks")
    def list_stacks(self, request: dict[str, Any]) -> dict[str, Any]:
        statuses = request.get("StackStatusFilter")
        stacks = reversed(self._registry.stacks.values())
        summaries = [stack.summary() for stack in stacks if not statuses or stack.status in statuses]
        return paged(summaries, request, "StackSummaries", limit=PAGE, code=VALIDATION_ERROR)

    @operation("DescribeStackEvents")
    def describe_stack_events(self, request: dict[str, Any]) -> dict[str, Any]:
        events = reversed(named_stack(self._registry, request).events)
        items = [{"EventId": event["EventId"], **event} for event in events]
        return paged(items, request, "StackEvents", limit=PAGE, code=VALIDATION_ERROR)

    @operation("DescribeStackResource")
    def describe_stack_resource(self, request: dict[str, Any]) -> dict[str, Any]:
        stack = named_stack(self._registry, request, "Stack '{}' does not exist")
        name = request["LogicalResourceId"]
        if name not in stack.resources:
            raise validation_error(f"Resource {name} does not exist for stack {stack.name}")
        return {"StackResourceDetail": stack.resources[name].describe(stack, "LastUpdatedTimestamp")}

    @operation("DescribeStackResources")
    def describe_stack_resources(self, request: dict[str, Any]) -> dict[str, Any]:
        stack, physical_id = self._stack_of_resource(request), request.get("PhysicalResourceId")
        resources = [
            resource.describe(stack, "Timestamp")
            for name, resource in stack.resources.items()
            if request.get("LogicalResourceId", name) == name and physical_id in (None, resource.physical_id)
        ]
        return {"StackResources": resources}

    @operation("ListStackResources")
    def list_stack_resources(self, request: dict[str, Any]) -> dict[str, Any]:
        stack = named_stack(self._registry, request)
        summaries = [
            {"LogicalResourceId": name, **resource.describe(stack, "LastUpdatedTimestamp")}
            for name, resource in stack.resources.items()
        ]
        return paged(summaries, request, "StackResourceSummaries", limit=PAGE, code=VALIDATION_ERROR)

    def _stack_of_resource(self, request: Mapping[str, Any]) -> Stack:
        if "StackName" in request:
            return self._registry.get(request["StackName"], NO_STACK_WITH_ID)
        physical_id = request.get("PhysicalResourceId")
        if not physical_id:
            raise validation_error("Either StackName or PhysicalResourceId must be specified.")
        for stack in self._registry.existing():
            if any(resource.physical_id == physical_id for resource in stack.resources.values()):
                return stack
        raise validation_error(f"Stack for {physical_id} does not exist")


def named_stack(registry: StackRegistry, request: Mapping[str, Any], message: str = NO_STACK) -> Stack:
    """For operations whose StackName is required, although AWS's model says otherwise."""
    if "StackName" not in request:
        raise validation_error("StackName must be specified.")
    return registry.get(request["StackName"], message)
