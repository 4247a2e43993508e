"""Bringing a stack to what is wanted, and back when that fails.

Resources are made one after the other, in the order of their dependencies; AWS makes them side by side.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from localcloud.core.refusal import Refusal
from localcloud.services.cloudformation import evaluation, schemas
from localcloud.services.cloudformation.change_preview import differing
from localcloud.services.cloudformation.failures import ResourceFailed, understood
from localcloud.services.cloudformation.intrinsics import calls
from localcloud.services.cloudformation.resource_actions import Work, custom_named, invalid
from localcloud.services.cloudformation.stack import Resource, Stack, Wanted

if TYPE_CHECKING:
    from localcloud.services.cloudformation.exports import Exports

NEW_ONE = "Requested update requires the creation of a new physical resource; hence creating one."
CUSTOM_NAMED = (
    "CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename {} and update the "
    "stack again."
)


class Step(NamedTuple):
    """What was done, so that it can be undone: nothing stood there before an addition."""

    after: Resource
    before: Resource | None = None

    @property
    def new(self) -> bool:
        return not self.before or self.before.physical_id != self.after.physical_id


class Deployment(Work):
    def __init__(self, exports: Exports, stack: Stack, wanted: Wanted, token: str = "") -> None:
        super().__init__(exports.cloud, stack, token)
        self.exports, self.wanted = exports, wanted
        self.before = dict(stack.resources)
        self.imports_before = stack.imports
        self.steps: list[Step] = []
        self.reverted: set[str] = set()
        self.graph: dict[str, set[str]] = {}
        self.imported: set[str] = set()
        self.evaluate = evaluation.evaluator(
            exports.cloud,
            stack.name,
            stack.id,
            wanted,
            ref=lambda name: self._resource(name).physical_id,
            attribute=self._attribute,
            exported=self._import,
        )

    def carry_out(self) -> None:
        """Everything but the deletions. ResourceFailed says, for the stack, why it went no further."""
        with understood(self.cloud, "reading the template"):
            self.graph = evaluation.graph(self.wanted, self.evaluate)
            self._import_all()
        for name in self.graph:
            try:
                self._one(name)
            except ResourceFailed:
                verb = "update" if name in self.before else "create"
                raise ResourceFailed(f"The following resource(s) failed to {verb}: [{name}].") from None
        with understood(self.cloud, "evaluating outputs"):
            outputs = evaluation.outputs(self.wanted, self.evaluate)
        with self.cloud.lock:
            if problem := self.exports.problem(self.stack, outputs):
                raise ResourceFailed(problem)
            self.stack.outputs, self.stack.imports = outputs, frozenset(self.imported)
            self.stack.wanted = self.wanted

    def left_over(self) -> list[Resource]:
        """What the stack has no more, once it is as wanted: what was replaced and what is not in the template."""
        replaced = [step.before for step in self.steps if step.before and step.new]
        return replaced + [there for name, there in self.before.items() if name not in self.graph]

    def made(self) -> list[Resource]:
        return [step.after for step in self.steps if step.new]

    def revert(self, skipped: Sequence[str] = ()) -> list[str]:
        """What was changed is as before; the names of those that could not be. What was made is still there."""
        failed = []
        for after, before in reversed(self.steps):
            if not before or before.physical_id != after.physical_id or before.logical_id in self.reverted:
                continue
            try:
                if before.logical_id not in skipped:
                    self.update(before, after.properties)
                self.reverted.add(before.logical_id)
            except ResourceFailed:
                failed.append(before.logical_id)
        with self.cloud.lock:
            self.stack.resources = {step.after.logical_id: step.after for step in self.steps if step.new} | self.before
            self.stack.imports = self.imports_before
        return failed

    def forget(self, resource: Resource) -> None:
        """A resource that is no part of the stack any more."""
        with self.cloud.lock:
            if self.stack.resources.get(resource.logical_id) is resource:
                del self.stack.resources[resource.logical_id]

    def _one(self, name: str) -> None:
        said, there = self.wanted.template.resources[name], self.stack.resources.get(name)
        values: dict[str, Any] = {}
        try:
            with understood(self.cloud, f"evaluating {name}"):
                values, problems = evaluation.properties(said, self.wanted, self.evaluate)
                problem = invalid(name, problems)
        except ResourceFailed as failure:
            problem = failure.reason
        if there and there.status == "CREATE_FAILED":
            self.clear([there], lambda _: False)
            there = None
        wanted = Resource(name, said["Type"], properties=values, said=said, depends=frozenset(self.graph[name]))
        if there:
            self._change(there, wanted, problem)
        else:
            self._put(Step(wanted))
            self.create(wanted, problem)

    def _change(self, there: Resource, wanted: Resource, problem: str) -> None:
        """What is the same but for its policies and metadata is remembered, and no event tells of it."""
        keys = differing(there.properties, wanted.properties)
        kept = replace(there, properties=wanted.properties, said=wanted.said, depends=wanted.depends)
        always = schemas.create_only(there.type) | schemas.perhaps_create_only(there.type)
        if problem:
            self.update(kept, there.properties, problem)
        elif always & set(keys):
            self._put(Step(wanted, there))
            taken = custom_named(there, wanted.properties)
            self.create(wanted, CUSTOM_NAMED.format(taken) if taken else "", "UPDATE", NEW_ONE)
        elif keys or there.status == "UPDATE_FAILED":
            self._put(Step(kept, there))
            self.update(kept, there.properties)
        else:
            self.stack.resources[there.logical_id] = kept

    def _put(self, step: Step) -> None:
        with self.cloud.lock:
            self.steps.append(step)
            self.stack.resources[step.after.logical_id] = step.after

    def _import_all(self) -> None:
        """Exports are asked for before anything is made, and are in use from then on."""
        here = evaluation.present(self.wanted, self.evaluate)
        outputs = self.wanted.template.section("Outputs").values()
        told = [said for said in outputs if "Condition" not in said or self.evaluate.holds(said["Condition"])]
        parts = [said.get("Properties", {}) for said in here.values()] + [said["Value"] for said in told]
        for part in parts:
            for name, argument in calls(part, self.evaluate):
                if name == "Fn::ImportValue":
                    self.evaluate({name: argument})

    def _import(self, name: str) -> str:
        with self.cloud.lock:
            value = self.exports.value(name)
            self.imported.add(name)
            self.stack.imports |= {name}
            return value

    def _resource(self, name: str) -> Resource:
        if name not in self.stack.resources or name not in self.graph:
            raise Refusal("ValidationError", f"Template format error: Unresolved resource dependencies [{name}]")
        return self.stack.resources[name]

    def _attribute(self, name: str, attribute: str) -> Any:
        attributes: Mapping[str, Any] = self._resource(name).attributes
        if attribute not in attributes:
            sentence = f"Template error: resource {name} does not support attribute type {attribute} in Fn::GetAtt"
            raise Refusal("ValidationError", sentence)
        return attributes[attribute]
