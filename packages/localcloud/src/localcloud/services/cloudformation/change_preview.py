"""What a change set shows: what would be added, changed, replaced and removed, without doing it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from localcloud.core.refusal import Refusal
from localcloud.services.cloudformation import evaluation, schemas
from localcloud.services.cloudformation.intrinsics import Evaluator, calls
from localcloud.services.cloudformation.stack import Resource, Stack, Wanted

if TYPE_CHECKING:
    from localcloud.services.cloudformation.exports import Exports

UNKNOWN = "{{changeSet:KNOWN_AFTER_APPLY}}"
OTHER_PARTS = ("Metadata", "DeletionPolicy", "UpdateReplacePolicy")


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

    def told(self) -> dict[str, Any]:
        told: dict[str, Any] = {
            "PolicyAction": self.policy,
            "Action": self.action,
            "LogicalResourceId": self.logical_id,
            "PhysicalResourceId": self.physical_id,
            "ResourceType": self.type,
            "Replacement": self.replacement,
        }
        known = {key: value for key, value in told.items() if value}
        return {"Type": "Resource", "ResourceChange": known | {"Scope": self.scope, "Details": self.details}}


class Forecast:
    def __init__(self, exports: Exports, stack: Stack, wanted: Wanted) -> None:
        self.stack, self.wanted = stack, wanted
        self.uncertain: set[str] = set()  # resources that will be others than now
        evaluate = evaluation.evaluator(
            exports.cloud,
            stack.name,
            stack.id,
            wanted,
            ref=self._ref,
            attribute=self._attribute,
            exported=exports.value,
        )
        here = evaluation.graph(wanted, evaluate)
        _check_types(stack, wanted, here)
        found = [self._change(name, evaluate) for name in here]
        gone = [resource for name, resource in stack.resources.items() if name not in here]
        self.changes = [change for change in found if change] + [_removed(resource) for resource in gone]
        self.outputs = evaluation.outputs(wanted, evaluate)

    @property
    def nothing(self) -> bool:
        """Neither a resource nor an output nor a tag of the stack would change."""
        same_tags = list(self.wanted.tags) == list(self.stack.wanted.tags)
        return not self.changes and self.outputs == self.stack.outputs and same_tags

    def _ref(self, name: str) -> str:
        there = self.stack.resources.get(name)
        return there.physical_id if there and name not in self.uncertain else UNKNOWN

    def _attribute(self, name: str, attribute: str) -> Any:
        there = self.stack.resources.get(name)
        return there.attributes.get(attribute, UNKNOWN) if there and name not in self.uncertain else UNKNOWN

    def _change(self, name: str, evaluate: Evaluator) -> Change | None:
        said, there = self.wanted.template.resources[name], self.stack.resources.get(name)
        after, _ = evaluation.properties(said, self.wanted, evaluate)
        if not there:
            return Change("Add", name, said["Type"])
        details = [self._detail(there, said, key, after) for key in differing(there.properties, after)]
        parts = [part for part in OTHER_PARTS if said.get(part) != there.said.get(part)]
        if not details and not parts:
            return None
        change = Change("Modify", name, there.type, there.physical_id, details=details)
        change.scope = (["Properties"] if details else []) + parts
        change.details += [_part(part) for part in parts]
        change.replacement = _replacement(details)
        if change.replacement != "False":
            self.uncertain.add(name)
            change.policy = "ReplaceAndRetain" if said.get("UpdateReplacePolicy") == "Retain" else "ReplaceAndDelete"
        return change

    def _detail(self, there: Resource, said: Mapping[str, Any], key: str, after: Mapping[str, Any]) -> dict[str, Any]:
        dynamic = UNKNOWN in json.dumps(after.get(key), default=str)
        raw, old = said.get("Properties", {}).get(key), there.said.get("Properties", {}).get(key)
        needs = "Never"
        if key in schemas.perhaps_create_only(there.type):
            needs = "Conditionally"
        elif key in schemas.create_only(there.type):
            needs = "Always"
        target = {"Attribute": "Properties", "Name": key, "RequiresRecreation": needs}
        detail: dict[str, Any] = {"Target": target, "Evaluation": "Dynamic" if dynamic else "Static"}
        return detail | _cause(raw, old, self.wanted, self.uncertain)


def differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The names of the properties that are not the same, as they are written."""
    return [key for key in {**after, **before} if before.get(key) != after.get(key)]


def _cause(raw: Any, old: Any, wanted: Wanted, uncertain: set[str]) -> dict[str, str]:
    if raw != old:
        return {"ChangeSource": "DirectModification"}
    for name, argument in calls(raw):
        if name == "Ref" and argument in wanted.parameters:
            return {"ChangeSource": "ParameterReference", "CausingEntity": argument}
        if name == "Ref" and argument in uncertain:
            return {"ChangeSource": "ResourceReference", "CausingEntity": argument}
        if name == "Fn::GetAtt" and isinstance(argument, list) and argument[0] in uncertain:
            return {"ChangeSource": "ResourceAttribute", "CausingEntity": ".".join(map(str, argument))}
    return {"ChangeSource": "DirectModification"}


def _replacement(details: list[dict[str, Any]]) -> str:
    """True when it is sure; Conditional when it hangs on a value that only the update will tell."""
    needs = [(detail["Target"]["RequiresRecreation"], detail["Evaluation"]) for detail in details]
    if ("Always", "Static") in needs:
        return "True"
    return "Conditional" if any(need != "Never" for need, _ in needs) else "False"


def _part(part: str) -> dict[str, Any]:
    target = {"Attribute": part, "RequiresRecreation": "Never"}
    return {"Target": target, "Evaluation": "Static", "ChangeSource": "DirectModification"}


def _removed(resource: Resource) -> Change:
    policy = "Delete" if resource.said.get("DeletionPolicy", "Delete") == "Delete" else "Retain"
    return Change("Remove", resource.logical_id, resource.type, resource.physical_id, policy=policy)


def _check_types(stack: Stack, wanted: Wanted, here: Mapping[str, Any]) -> None:
    types = {name: wanted.template.resources[name]["Type"] for name in here}
    if other := [name for name, there in stack.resources.items() if types.get(name, there.type) != there.type]:
        sentence = "Update of resource type is not permitted. The new template modifies resource type of the following"
        raise Refusal("ValidationError", f"{sentence} resources: [{', '.join(other)}]")
