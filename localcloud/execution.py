"""Interpret a compiled pipeline definition: what starts when, with which arguments, and how it ends.

The work of a step is done by ``actions``, one function for each step type that gets the step's name and its
resolved arguments and returns what the matching Describe call would answer; this module knows no job, no file and
no server. Steps that wait for nothing run side by side.

Not reproduced here yet: caching, retry policies, selective execution, and step types other than
Processing, Training, Condition, RegisterModel and Fail (refused by name).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from localcloud import conditions, expressions

Action = Callable[[str, dict[str, Any]], dict[str, Any]]
READERS: dict[str, Callable[[str], Any]] = {
    "String": str,
    "Integer": int,
    "Float": float,
    "Boolean": {"true": True, "false": False}.__getitem__,
}


class StepFailed(Exception):
    """An action's work ended badly; the message is the step's failure reason."""


class DefinitionRefused(Exception):
    """The definition or the parameters cannot be run; the message says what and why."""


@dataclass
class Step:
    name: str
    kind: str
    status: str = "Waiting"  # then Executing, and Succeeded or Failed; a branch not taken stays Waiting
    started: datetime | None = None
    ended: datetime | None = None
    reason: str = ""
    outcome: bool | None = None  # of a Condition


class Execution:
    def __init__(
        self,
        definition: dict[str, Any],
        actions: Mapping[str, Action],
        read: Callable[[str], bytes],
        *,
        variables: Mapping[str, Any],
        parameters: Mapping[str, str] | None = None,
        changed: Callable[[Step], None] = lambda _: None,
    ) -> None:
        self.actions = actions
        self.changed = changed
        self.entries = {entry["Name"]: entry for entry in _all(definition["Steps"])}
        self.steps = {name: Step(name, entry["Type"]) for name, entry in self.entries.items()}
        self._check(actions)
        files = {
            (name, file["PropertyFileName"]): file
            for name, entry in self.entries.items()
            for file in entry.get("PropertyFiles", [])
        }
        values = parameter_values(definition.get("Parameters", []), parameters or {})
        self.scope = expressions.Scope(values, variables, files, read)
        self.top = [entry["Name"] for entry in definition["Steps"]]

    def _check(self, actions: Mapping[str, Action]) -> None:
        for step in self.steps.values():
            if step.kind not in actions and step.kind not in ("Condition", "Fail"):
                raise DefinitionRefused(f"step {step.name} is of type {step.kind}, which is not run locally yet")

    def run(self) -> bool:
        """To the end; True when every step that ran succeeded. After a failure nothing new is started."""
        waiting, running = list(self.top), dict[Future[list[str]], str]()
        with ThreadPoolExecutor(max_workers=8) as pool:
            while waiting or running:
                ready = (
                    [] if self.failed else [name for name in waiting if self._needs(name) <= self.scope.steps.keys()]
                )
                for name in ready:
                    waiting.remove(name)
                    running[pool.submit(self._step, name)] = name
                if not running:
                    break
                for done in wait(running, return_when=FIRST_COMPLETED).done:
                    del running[done]
                    waiting += done.result()
        if waiting and not self.failed:
            raise DefinitionRefused(f"these steps wait for each other: {', '.join(sorted(waiting))}")
        return not self.failed

    @property
    def failed(self) -> list[Step]:
        return [step for step in self.steps.values() if step.status == "Failed"]

    def _needs(self, name: str) -> set[str]:
        entry = self.entries[name]
        arguments = entry["Arguments"]["Conditions"] if entry["Type"] == "Condition" else entry["Arguments"]
        return expressions.references(arguments) | set(entry.get("DependsOn", []))

    def _step(self, name: str) -> list[str]:
        """Run one step; returns the steps that it sets free (a condition's branch)."""
        step, entry, followers = self.steps[name], self.entries[name], list[str]()
        self._change(step, "Executing")
        try:
            if step.kind == "Condition":
                step.outcome = all(conditions.holds(c, self.scope.resolve) for c in entry["Arguments"]["Conditions"])
                branch = entry["Arguments"]["IfSteps" if step.outcome else "ElseSteps"]
                followers = [inner["Name"] for inner in branch]
                answer: dict[str, Any] = {"Outcome": step.outcome}
            elif step.kind == "Fail":
                raise StepFailed(self.scope.resolve(entry["Arguments"]["ErrorMessage"]))
            else:
                answer = self.actions[step.kind](name, self.scope.resolve(entry["Arguments"]))
        except (StepFailed, expressions.Unresolved) as error:
            step.reason = str(error)
            self._change(step, "Failed")
            return []
        except Exception as error:  # noqa: BLE001 - a defect in an action fails its step, not the interpreter
            step.reason = f"{type(error).__name__}: {error}"
            self._change(step, "Failed")
            return []
        self.scope.steps[name] = answer
        self._change(step, "Succeeded")
        return followers

    def _change(self, step: Step, status: str) -> None:
        now = datetime.now(UTC)
        step.status = status
        step.started, step.ended = (now, None) if status == "Executing" else (step.started, now)
        self.changed(step)


def parameter_values(declared: list[dict[str, Any]], given: Mapping[str, str]) -> dict[str, Any]:
    """Defaults and what was given (as text, as StartPipelineExecution takes it), refused as AWS refuses."""
    known = {parameter["Name"]: parameter for parameter in declared}
    if unknown := sorted(set(given) - set(known)):
        raise DefinitionRefused(f"unknown parameters: {', '.join(unknown)}; declared are {', '.join(known)}")
    return {name: _value(parameter, given.get(name)) for name, parameter in known.items()}


def _value(parameter: dict[str, Any], text: str | None) -> Any:
    name, kind = parameter["Name"], parameter["Type"]
    if text is None and "DefaultValue" not in parameter:
        raise DefinitionRefused(f"parameter {name} has no default and was not given")
    try:
        value = parameter["DefaultValue"] if text is None else READERS[kind](text)
    except (KeyError, ValueError):
        raise DefinitionRefused(f"parameter {name} = {text!r} is not of type {kind}") from None
    if value not in parameter.get("EnumValues", [value]):
        raise DefinitionRefused(f"parameter {name} = {value!r} is not one of {parameter['EnumValues']}")
    return value


def _all(steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Every step, those of the branches too."""
    found = []
    for step in steps:
        found.append(step)
        if step["Type"] == "Condition":
            found += _all(step["Arguments"]["IfSteps"]) + _all(step["Arguments"]["ElseSteps"])
    return found
