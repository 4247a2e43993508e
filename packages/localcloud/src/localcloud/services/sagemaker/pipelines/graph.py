"""The dependencies of steps: data references, DependsOn, and the branches of conditions."""

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
        self.parents: dict[str, tuple[str, bool]] = {}  # step -> its condition, and the outcome of its branch
        for name, entry in self.entries.items():
            for outcome in BRANCHES if entry["Type"] == "Condition" else ():
                self.parents |= dict.fromkeys(self.branch(name, outcome), (name, outcome))

    def branch(self, condition: str, outcome: bool) -> list[str]:
        return [step["Name"] for step in self.entries[condition]["Arguments"].get(BRANCHES[outcome], [])]

    def inside(self, condition: str) -> set[str]:
        """Every step of both branches, including nested ones."""
        return {name for name in self.entries if condition in self._above(name)}

    @cached_property
    def references(self) -> dict[str, set[str]]:
        return {name: expressions.references(own_arguments(entry)) for name, entry in self.entries.items()}

    def depends_on(self, name: str) -> list[str]:
        names: list[str] = self.entries[name].get("DependsOn", [])
        return names

    @cached_property
    def needs(self) -> dict[str, set[str]]:
        """For each step, the steps that must end before it may start."""
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
        """DependsOn a condition waits for the taken branch; a step inside it waits only for the outcome."""
        return self.entries[condition]["Type"] == "Condition" and condition not in self._above(name)

    def ready(self, name: str, succeeded: Callable[[str], bool], outcome: Callable[[str], bool | None]) -> bool:
        """``succeeded`` returns whether a step has; ``outcome`` that of a condition."""
        if name in self.parents and outcome(self.parents[name][0]) is not self.parents[name][1]:
            return False
        if not all(succeeded(other) for other in self.references[name]):
            return False
        return all(self._is_past(name, other, succeeded, outcome) for other in self.depends_on(name))

    def _is_past(
        self, name: str, other: str, succeeded: Callable[[str], bool], outcome: Callable[[str], bool | None]
    ) -> bool:
        if not succeeded(other) or not self.waits_for_branch(name, other):
            return succeeded(other)
        taken = self.branch(other, bool(outcome(other)))
        return all(self._is_past(name, step, succeeded, outcome) for step in taken)

    def cycle(self) -> list[str]:
        """Steps that wait for each other; empty without any."""
        try:
            TopologicalSorter(self.needs).prepare()
        except CycleError as error:
            cycle: list[str] = error.args[1]
            return cycle
        return []

    def _above(self, name: str) -> list[str]:
        above = []
        while name in self.parents:
            name = self.parents[name][0]
            above.append(name)
        return above


def own_arguments(entry: dict[str, Any]) -> Any:
    """Those of a condition without its branches, whose steps have their own."""
    arguments = entry["Arguments"]
    return arguments["Conditions"] if entry["Type"] == "Condition" else arguments
