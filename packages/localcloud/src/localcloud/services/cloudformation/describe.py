"""What can be read of stacks: themselves, their resources, their events, their exports, their templates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localcloud.core.paging import paged
from localcloud.core.refusal import Refusal
from localcloud.core.service import operation
from localcloud.services.cloudformation import capabilities, stack_request, template
from localcloud.services.cloudformation.change_sets import ChangeSets
from localcloud.services.cloudformation.parameters import declared
from localcloud.services.cloudformation.stack import Stack

PAGE = 100
NO_STACK = "Stack [{}] does not exist"
BAD = "ValidationError"


class Reading(ChangeSets):
    @operation("DescribeStacks")
    def describe_stacks(self, request: dict[str, Any]) -> dict[str, Any]:
        if "StackName" in request:
            return {"Stacks": [self.stack(request["StackName"]).described()]}
        found = [stack.described() for stack in reversed(self.stacks.values()) if stack.alive]
        return paged(found, request, "Stacks", limit=PAGE, code=BAD)

    @operation("ListStacks")
    def list_stacks(self, request: dict[str, Any]) -> dict[str, Any]:
        wanted = request.get("StackStatusFilter")
        stacks = [stack for stack in reversed(self.stacks.values()) if not wanted or stack.status in wanted]
        return paged([stack.summary() for stack in stacks], request, "StackSummaries", limit=PAGE, code=BAD)

    @operation("DescribeStackEvents")
    def describe_stack_events(self, request: dict[str, Any]) -> dict[str, Any]:
        """The last one first."""
        events = [{"EventId": event["EventId"], **event} for event in reversed(self._named(request).events)]
        return paged(events, request, "StackEvents", limit=PAGE, code=BAD)

    @operation("DescribeStackResource")
    def describe_stack_resource(self, request: dict[str, Any]) -> dict[str, Any]:
        stack, name = self._named(request, "Stack '{}' does not exist"), request["LogicalResourceId"]
        if name not in stack.resources:
            raise Refusal(BAD, f"Resource {name} does not exist for stack {stack.name}")
        return {"StackResourceDetail": stack.resources[name].told(stack, "LastUpdatedTimestamp")}

    @operation("DescribeStackResources")
    def describe_stack_resources(self, request: dict[str, Any]) -> dict[str, Any]:
        stack, physical = self._of_resource(request), request.get("PhysicalResourceId")
        found = [
            resource.told(stack, "Timestamp")
            for name, resource in stack.resources.items()
            if request.get("LogicalResourceId", name) == name and physical in (None, resource.physical_id)
        ]
        return {"StackResources": found}

    @operation("ListStackResources")
    def list_stack_resources(self, request: dict[str, Any]) -> dict[str, Any]:
        stack = self._named(request)
        found = [
            {"LogicalResourceId": name, **resource.told(stack, "LastUpdatedTimestamp")}
            for name, resource in stack.resources.items()
        ]
        return paged(found, request, "StackResourceSummaries", limit=PAGE, code=BAD)

    @operation("ListExports")
    def list_exports(self, request: dict[str, Any]) -> dict[str, Any]:
        found = [{"Name": each["Name"], **each} for each in self.exports.all()]
        return paged(found, request, "Exports", limit=PAGE, code=BAD)

    @operation("ListImports")
    def list_imports(self, request: dict[str, Any]) -> dict[str, Any]:
        name = request["ExportName"]
        self.exports.value(name)
        importers = self.exports.importers(name)
        if not importers:
            raise Refusal(BAD, f"Export '{name}' is not imported by any stack.")
        return paged(importers, request, "Imports", limit=PAGE, code=BAD)

    @operation("GetTemplate")
    def get_template(self, request: dict[str, Any]) -> dict[str, Any]:
        """As it was sent. Processed is the same: no macro that localcloud knows rewrites a template."""
        if "ChangeSetName" in request:
            text = self.change_set(request).wanted.template.text
        else:
            text = self._named(request).wanted.template.text
        return {"TemplateBody": text, "StagesAvailable": ["Original", "Processed"]}

    @operation("GetTemplateSummary", locked=False)
    def get_template_summary(self, request: dict[str, Any]) -> dict[str, Any]:
        if "StackName" in request:
            with self.cloud.lock:
                found = self._named(request).wanted.template
        else:
            found = stack_request.template_of(self.cloud, request)
        version = (
            {"Version": str(found.said["AWSTemplateFormatVersion"])} if "AWSTemplateFormatVersion" in found.said else {}
        )
        told = {"Parameters": list(declared(found)), "ResourceTypes": found.types, **version}
        return told | _told(found)

    @operation("ValidateTemplate", locked=False)
    def validate_template(self, request: dict[str, Any]) -> dict[str, Any]:
        found = template.read(stack_request.text_of(self.cloud, request))
        only = ("ParameterKey", "DefaultValue", "NoEcho", "Description")
        listed = [{key: each[key] for key in only if key in each} for each in declared(found)]
        return {"Parameters": listed, **_told(found)}

    def _named(self, request: Mapping[str, Any], sentence: str = NO_STACK) -> Stack:
        if "StackName" not in request:
            raise Refusal(BAD, "StackName must be specified.")
        return self.stack(request["StackName"], sentence)

    def _of_resource(self, request: Mapping[str, Any]) -> Stack:
        if "StackName" in request:
            return self.stack(request["StackName"])
        wanted = request.get("PhysicalResourceId")
        if not wanted:
            raise Refusal(BAD, "Either StackName or PhysicalResourceId must be specified.")
        for stack in self.stacks.values():
            if stack.alive and any(resource.physical_id == wanted for resource in stack.resources.values()):
                return stack
        raise Refusal(BAD, f"Stack for {wanted} does not exist")


def _told(found: template.Template) -> dict[str, Any]:
    needed, why = capabilities.needed(found)
    told: dict[str, Any] = {"Description": found.description} if found.description else {}
    told |= {"Capabilities": needed, "CapabilitiesReason": why} if needed else {}
    return told | ({"DeclaredTransforms": found.transforms} if found.transforms else {})
