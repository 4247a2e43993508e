"""Which step waits for which: data references, DependsOn, and the branches of conditions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from typing import Any

from localcloud.services.sagemaker.pipelines import expressions
from localcloud.services.sagemaker.pipelines.definition_checks import all_steps

BRANCHES = {True: "IfSteps", False: "ElseSteps"}


class Graph:
    def __init__(self, definition: dict[str, Any]) -> None:
        self.entries: dict[str, dict[str, Any]] = {entry["Name"]: entry for entry in all_steps(definition["Steps"])}
        self.parents: dict[str, tuple[str, bool]] = {}  # step -> the condition it belongs to, and on which outcome
        for name, entry in self.entries.items():
            for outcome in BRANCHES if entry["Type"] == "Condition" else ():
                self.parents |= dict.fromkeys(self.branch(name, outcome), (name, outcome))

    def branch(self, condition: str, outcome: bool) -> list[str]:
        return [step["Name"] for step in self.entries[condition]["Arguments"].get(BRANCHES[outcome], [])]

    def inside(self, condition: str) -> set[str]:
        """Every step of both branches, and of the conditions in them."""
        return {name for name in self.entries if condition in self._above(name)}

    @cached_property
    def references(self) -> dict[str, set[str]]:
        return {name: expressions.references(own_arguments(entry)) for name, entry in self.entries.items()}

    def depends_on(self, name: str) -> list[str]:
        names: list[str] = self.entries[name].get("DependsOn", [])
        return names

    @cached_property
    def needs(self) -> dict[str, set[str]]:
        """For each step, the steps that have to be over before it may start."""
        return {name: set(self._needs(name)) for name in self.entries}

    def _needs(self, name: str) -> Iterator[str]:
        yield from self.references[name]
        if name in self.parents:
            yield self.parents[name][0]
        for other in self.depends_on(name):
            yield other
            if self.waits_for_branch(name, other):
                yield from self.inside(other)

    def waits_for_branch(self, name: str, condition: str) -> bool:
        """DependsOn a condition waits for the branch that is taken; a step inside it, for the outcome alone."""
        return self.entries[condition]["Type"] == "Condition" and condition not in self._above(name)

    def ready(self, name: str, over: Callable[[str], bool], outcome: Callable[[str], bool | None]) -> bool:
        """``over``: whether a step succeeded; ``outcome``: of a condition that did."""
        if name in self.parents and outcome(self.parents[name][0]) is not self.parents[name][1]:
            return False
        if not all(over(other) for other in self.references[name]):
            return False
        return all(self._through(name, other, over, outcome) for other in self.depends_on(name))

    def _through(
        self, name: str, other: str, over: Callable[[str], bool], outcome: Callable[[str], bool | None]
    ) -> bool:
        if not over(other) or not self.waits_for_branch(name, other):
            return over(other)
        taken = self.branch(other, bool(outcome(other)))
        return all(self._through(name, step, over, outcome) for step in taken)

    def cycle(self) -> list[str]:
        """Steps that wait for each other, in a ring; empty when there are none."""
        try:
            TopologicalSorter(self.needs).prepare()
        except CycleError as error:
            ring: list[str] = error.args[1]
            return ring
        return []

    def _above(self, name: str) -> list[str]:
        above = []
        while name in self.parents:
            name = self.parents[name][0]
            above.append(name)
        return above


def own_arguments(entry: dict[str, Any]) -> Any:
    """A condition's branches speak for themselves."""
    arguments = entry["Arguments"]
    return arguments["Conditions"] if entry["Type"] == "Condition" else arguments
