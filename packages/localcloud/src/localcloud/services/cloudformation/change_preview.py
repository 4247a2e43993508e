"""Computes what a deployment would add, change, replace and remove, without doing it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from typing import Any

from localcloud.services.cloudformation import schemas
from localcloud.services.cloudformation.errors import validation_error
from localcloud.services.cloudformation.evaluation import Evaluation, Location
from localcloud.services.cloudformation.evaluator import Lookups
from localcloud.services.cloudformation.exports import Exports
from localcloud.services.cloudformation.function_syntax import function_calls
from localcloud.services.cloudformation.stack import Resource, Stack
from localcloud.services.cloudformation.stack_definition import StackDefinition

UNKNOWN = "{{changeSet:KNOWN_AFTER_APPLY}}"
OTHER_ATTRIBUTES = ("Metadata", "DeletionPolicy", "UpdateReplacePolicy")


@dataclass
class Change:
    action: str  # Add, Modify, Remove
    logical_id: str
    type: str
    physical_id: str = ""
    replacement: str = ""
    policy: str = ""
    scope: list[str] = field(default_factory=list)
    details: list[dict[str, Any]] = field(default_factory=list)

    def describe(self) -> dict[str, Any]:
        change: dict[str, Any] = {
            "PolicyAction": self.policy,
            "Action": self.action,
            "LogicalResourceId": self.logical_id,
            "PhysicalResourceId": self.physical_id,
            "ResourceType": self.type,
            "Replacement": self.replacement,
        }
        known = {key: value for key, value in change.items() if value}
        return {"Type": "Resource", "ResourceChange": known | {"Scope": self.scope, "Details": self.details}}


class ChangePreview:
    def __init__(self, location: Location, exports: Exports, stack: Stack, definition: StackDefinition) -> None:
        self._stack, self._definition = stack, definition
        self._replaced: set[str] = set()  # resources that are or may be replaced
        lookups = Lookups(self._ref, self._attribute, exports.value)
        self._evaluation = Evaluation(location, stack.name, stack.id, definition, lookups)
        names = self._evaluation.graph()
        _check_types(stack, definition, names.keys())
        changes = [self._change(name) for name in names]
        removed = [_removal(resource) for name, resource in stack.resources.items() if name not in names]
        self.changes = [change for change in changes if change] + removed
        self._outputs = self._evaluation.outputs()

    @property
    def is_empty(self) -> bool:
        """Neither a resource nor an output nor a tag of the stack would change."""
        same_tags = list(self._definition.tags) == list(self._stack.definition.tags)
        return not self.changes and self._outputs == self._stack.outputs and same_tags

    def _ref(self, name: str) -> str:
        resource = self._stack.resources.get(name)
        return resource.physical_id if resource and name not in self._replaced else UNKNOWN

    def _attribute(self, name: str, attribute: str) -> Any:
        resource = self._stack.resources.get(name)
        return resource.attributes.get(attribute, UNKNOWN) if resource and name not in self._replaced else UNKNOWN

    def _change(self, name: str) -> Change | None:
        declaration, current = self._definition.template.resources[name], self._stack.resources.get(name)
        after, _ = self._evaluation.properties(declaration)
        if not current:
            return Change("Add", name, declaration["Type"])
        details = [
            self._detail(current, declaration, key, after) for key in changed_properties(current.properties, after)
        ]
        attributes = [key for key in OTHER_ATTRIBUTES if declaration.get(key) != current.declaration.get(key)]
        if not details and not attributes:
            return None
        change = Change("Modify", name, current.type, current.physical_id, details=details)
        change.scope = (["Properties"] if details else []) + attributes
        change.replacement = _replacement(details)
        change.details += [_attribute_detail(attribute) for attribute in attributes]
        if change.replacement != "False":
            self._replaced.add(name)
            retains = declaration.get("UpdateReplacePolicy") == "Retain"
            change.policy = "ReplaceAndRetain" if retains else "ReplaceAndDelete"
        return change

    def _detail(
        self, current: Resource, declaration: Mapping[str, Any], key: str, after: Mapping[str, Any]
    ) -> dict[str, Any]:
        dynamic = UNKNOWN in json.dumps(after.get(key), default=str)
        new, old = declaration.get("Properties", {}).get(key), current.declaration.get("Properties", {}).get(key)
        recreation = "Never"
        if key in schemas.conditional_create_only(current.type):
            recreation = "Conditionally"
        elif key in schemas.create_only(current.type):
            recreation = "Always"
        target = {"Attribute": "Properties", "Name": key, "RequiresRecreation": recreation}
        detail: dict[str, Any] = {"Target": target, "Evaluation": "Dynamic" if dynamic else "Static"}
        cause = {"ChangeSource": "DirectModification"} if new != old else self._cause(new)
        return detail | cause

    def _cause(self, declared: Any) -> dict[str, str]:
        """Why the value of an unchanged declaration changes."""
        for name, argument in function_calls(declared):
            if name == "Ref" and argument in self._definition.parameters:
                return {"ChangeSource": "ParameterReference", "CausingEntity": argument}
            if name == "Ref" and argument in self._replaced:
                return {"ChangeSource": "ResourceReference", "CausingEntity": argument}
            if name == "Fn::GetAtt" and isinstance(argument, list) and argument[0] in self._replaced:
                return {"ChangeSource": "ResourceAttribute", "CausingEntity": ".".join(map(str, argument))}
        return {"ChangeSource": "DirectModification"}


def changed_properties(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    return [key for key in {**after, **before} if before.get(key) != after.get(key)]


def _replacement(details: list[dict[str, Any]]) -> str:
    """True when certain; Conditional when it depends on a value that only the update determines."""
    recreations = [(detail["Target"]["RequiresRecreation"], detail["Evaluation"]) for detail in details]
    if ("Always", "Static") in recreations:
        return "True"
    return "Conditional" if any(recreation != "Never" for recreation, _ in recreations) else "False"


def _attribute_detail(attribute: str) -> dict[str, Any]:
    target = {"Attribute": attribute, "RequiresRecreation": "Never"}
    return {"Target": target, "Evaluation": "Static", "ChangeSource": "DirectModification"}


def _removal(resource: Resource) -> Change:
    policy = "Delete" if resource.declaration.get("DeletionPolicy", "Delete") == "Delete" else "Retain"
    return Change("Remove", resource.logical_id, resource.type, resource.physical_id, policy=policy)


def _check_types(stack: Stack, definition: StackDefinition, names: Set[str]) -> None:
    types = {name: definition.template.resources[name]["Type"] for name in names}
    if changed := [name for name, each in stack.resources.items() if types.get(name, each.type) != each.type]:
        message = "Update of resource type is not permitted. The new template modifies resource type of the following"
        raise validation_error(f"{message} resources: [{', '.join(changed)}]")
