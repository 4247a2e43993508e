"""Deploys a definition to a stack, and reverts the stack when that fails.

Resources are deployed one after the other, in the order of their dependencies; AWS deploys them in parallel.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from localcloud.services.cloudformation import schemas
from localcloud.services.cloudformation.change_preview import changed_properties
from localcloud.services.cloudformation.errors import format_error
from localcloud.services.cloudformation.evaluation import Evaluation, Location
from localcloud.services.cloudformation.evaluator import Lookups
from localcloud.services.cloudformation.exports import Exports
from localcloud.services.cloudformation.failures import ResourceFailure, resource_failures
from localcloud.services.cloudformation.resource_actions import ResourceActions
from localcloud.services.cloudformation.resources.resource_type import Properties
from localcloud.services.cloudformation.stack import Resource
from localcloud.services.cloudformation.stack_definition import StackDefinition
from localcloud.services.cloudformation.template import unsupported_attribute

REPLACEMENT = "Requested update requires the creation of a new physical resource; hence creating one."
CUSTOM_NAME = (
    "CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename {} and update the "
    "stack again."
)


class Step(NamedTuple):
    """A change to one resource, to be reverted on failure; ``before`` is None when the resource is new."""

    after: Resource
    before: Resource | None = None

    @property
    def creates(self) -> bool:
        return not self.before or self.before.physical_id != self.after.physical_id


class Deployment:
    def __init__(
        self, actions: ResourceActions, exports: Exports, location: Location, definition: StackDefinition
    ) -> None:
        self.actions, self.stack, self.definition = actions, actions.stack, definition
        self._exports, self._lock, self._counters = exports, actions.cloud.lock, actions.cloud.counters
        self._resources_before, self._imports_before = dict(self.stack.resources), self.stack.imports
        self._steps: list[Step] = []
        self._reverted: set[str] = set()
        self._graph: dict[str, set[str]] = {}
        self._imports: set[str] = set()
        lookups = Lookups(lambda name: self._resource(name).physical_id, self._attribute, self._import_value)
        self._evaluation = Evaluation(location, self.stack.name, self.stack.id, definition, lookups)

    def apply(self) -> None:
        """Everything but the deletions. The reason of a ResourceFailure is the stack's."""
        with resource_failures(self._counters, "reading the template"):
            self._graph = self._evaluation.graph()
            self._evaluation.import_all()
        for name in self._graph:
            try:
                self._deploy(name)
            except ResourceFailure:
                verb = "update" if name in self._resources_before else "create"
                raise ResourceFailure(f"The following resource(s) failed to {verb}: [{name}].") from None
        with resource_failures(self._counters, "evaluating outputs"):
            outputs = self._evaluation.outputs()
        with self._lock:
            if conflict := self._exports.conflict(self.stack, outputs):
                raise ResourceFailure(conflict)
            self.stack.outputs, self.stack.imports = outputs, frozenset(self._imports)
            self.stack.definition = self.definition

    def obsolete_resources(self) -> list[Resource]:
        """After ``apply``: replaced resources, and those that the template no longer contains."""
        replaced = [step.before for step in self._steps if step.before and step.creates]
        return replaced + [resource for name, resource in self._resources_before.items() if name not in self._graph]

    def new_resources(self) -> list[Resource]:
        return [step.after for step in self._steps if step.creates]

    def revert(self, skipped: Sequence[str] = ()) -> list[str]:
        """Revert all updates; new resources remain. Returns the names of the resources that failed."""
        failed = []
        for after, before in reversed(self._steps):
            if not before or before.physical_id != after.physical_id or before.logical_id in self._reverted:
                continue
            try:
                if before.logical_id not in skipped:
                    self.actions.update(before, after.properties)
                self._reverted.add(before.logical_id)
            except ResourceFailure:
                failed.append(before.logical_id)
        with self._lock:
            new = {resource.logical_id: resource for resource in self.new_resources()}
            self.stack.resources = new | self._resources_before
            self.stack.imports = self._imports_before
        return failed

    def drop(self, resource: Resource) -> None:
        """Remove a resource from the stack's state."""
        with self._lock:
            if self.stack.resources.get(resource.logical_id) is resource:
                del self.stack.resources[resource.logical_id]

    def _deploy(self, name: str) -> None:
        desired, problem = self._desired(name)
        current = self.stack.resources.get(name)
        if current and current.status == "CREATE_FAILED":
            self.actions.delete_all([current], lambda _: False)
            current = None
        if current:
            self._update(current, desired, problem)
        else:
            self._add_step(Step(desired))
            self.actions.create(desired, problem)

    def _desired(self, name: str) -> tuple[Resource, str]:
        """The resource with its evaluated properties, and why these are invalid."""
        declaration, problem = self.definition.template.resources[name], ""
        values: dict[str, Any] = {}
        try:
            with resource_failures(self._counters, f"evaluating {name}"):
                values, problems = self._evaluation.properties(declaration)
                problem = _validation_failure(name, problems)
        except ResourceFailure as failure:
            problem = failure.reason
        dependencies = frozenset(self._graph[name])
        resource = Resource(
            name, declaration["Type"], properties=values, declaration=declaration, dependencies=dependencies
        )
        return resource, problem

    def _update(self, current: Resource, desired: Resource, problem: str) -> None:
        """A change of policies or metadata alone is stored without an event."""
        keys = changed_properties(current.properties, desired.properties)
        updated = replace(
            current,
            properties=desired.properties,
            declaration=desired.declaration,
            dependencies=desired.dependencies,
        )
        create_only = schemas.create_only(current.type) | schemas.conditional_create_only(current.type)
        if problem:
            self.actions.update(updated, current.properties, problem)
        elif create_only & set(keys):
            self._add_step(Step(desired, current))
            name = _custom_name(current, desired.properties)
            self.actions.create(desired, CUSTOM_NAME.format(name) if name else "", "UPDATE", REPLACEMENT)
        elif keys or current.status == "UPDATE_FAILED":
            self._add_step(Step(updated, current))
            self.actions.update(updated, current.properties)
        else:
            self.stack.resources[current.logical_id] = updated

    def _add_step(self, step: Step) -> None:
        with self._lock:
            self._steps.append(step)
            self.stack.resources[step.after.logical_id] = step.after

    def _import_value(self, name: str) -> str:
        """From now on the export is in use."""
        with self._lock:
            value = self._exports.value(name)
            self._imports.add(name)
            self.stack.imports |= {name}
            return value

    def _resource(self, name: str) -> Resource:
        if name not in self.stack.resources or name not in self._graph:
            raise format_error(f"Unresolved resource dependencies [{name}]")
        return self.stack.resources[name]

    def _attribute(self, name: str, attribute: str) -> Any:
        attributes: Mapping[str, Any] = self._resource(name).attributes
        if attribute not in attributes:
            raise unsupported_attribute(name, attribute)
        return attributes[attribute]


def _custom_name(resource: Resource, desired: Properties) -> str:
    """The name that a replacement would share with the resource that it replaces; "" when there is no conflict."""
    identifiers = schemas.schema(resource.type).get("primaryIdentifier", [])
    names = [path.rpartition("/")[2] for path in identifiers]
    if not names or not set(names) <= schemas.create_only(resource.type):
        return ""
    same = all(name in desired and desired[name] == resource.properties.get(name) for name in names)
    return resource.physical_id if same else ""


def _validation_failure(name: str, problems: Sequence[str]) -> str:
    details = ", ".join(problems)
    return f"Properties validation failed for resource {name} with message: [{details}]" if problems else ""
