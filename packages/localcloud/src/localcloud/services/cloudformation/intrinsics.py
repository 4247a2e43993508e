"""What the functions of a template give: ``Ref``, ``Fn::Sub`` and the others, and the conditions they stand under."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from localcloud.services.cloudformation.functions import (
    CONDITIONS,
    EXTENSIONS,
    FUNCTIONS,
    LITERAL,
    SUBSTITUTED,
    error,
    listed,
    substitutions,
    text,
)

NO_VALUE = object()  # Ref: AWS::NoValue: as if it had not been written
LANGUAGE_EXTENSIONS = "AWS::LanguageExtensions"


def function(value: Any) -> str:
    """The name of the function that a value is; "" when it is plain data."""
    if isinstance(value, Mapping) and len(value) == 1:
        name, argument = next(iter(value.items()))
        if name.startswith("Fn::") or (name in ("Ref", "Condition") and isinstance(argument, str)):
            return str(name)
    return ""


class Evaluator:
    """``ref`` and ``attribute`` tell of resources; ``exported`` of other stacks' exports."""

    def __init__(
        self,
        *,
        values: Mapping[str, Any],
        conditions: Mapping[str, Any],
        mappings: Mapping[str, Any],
        ref: Callable[[str], Any],
        attribute: Callable[[str, str], Any],
        exported: Callable[[str], str],
        zones: Callable[[str], list[str]],
        extended: bool = False,
    ) -> None:
        self.values, self.conditions, self.mappings = values, conditions, mappings
        self.ref, self.attribute, self.exported, self.zones = ref, attribute, exported, zones
        self.extended = extended
        self._held: dict[str, bool] = {}
        self._asked: set[str] = set()

    def __call__(self, value: Any) -> Any:
        name = function(value)
        if name and name != "Condition":
            return self._called(name, value[name])
        if isinstance(value, dict):
            pairs = ((key, self(item)) for key, item in value.items())
            return {key: item for key, item in pairs if item is not NO_VALUE}
        if isinstance(value, list):
            return [item for item in map(self, value) if item is not NO_VALUE]
        return value

    def text(self, value: Any) -> str:
        return text(self(value))

    def holds(self, name: str) -> bool:
        """A condition by its name."""
        if name not in self.conditions:
            raise error(f"Unresolved condition dependency {name}")
        if name not in self._held:
            if name in self._asked:
                raise error(f"Circular dependency between conditions: [{', '.join(sorted(self._asked))}]")
            self._asked.add(name)
            self._held[name] = self.condition(self.conditions[name])
        return self._held[name]

    def condition(self, value: Any) -> bool:
        name = function(value)
        if name not in CONDITIONS:
            raise error(f"{json.dumps(value)[:100]} is no condition: it must be one of {', '.join(CONDITIONS)}")
        return CONDITIONS[name](self, value[name])

    def branch(self, argument: Any) -> Any:
        """What Fn::If chooses, not yet evaluated."""
        condition, yes, no = listed(argument, "Fn::If", 3)
        return yes if self.holds(condition) else no

    def _called(self, name: str, argument: Any) -> Any:
        if name == "Ref":
            return self.values[argument] if argument in self.values else self.ref(argument)
        if name not in FUNCTIONS:
            raise error(f"Encountered unsupported function: {name}")
        if name in EXTENSIONS and not self.extended:
            raise error(f"{name} needs the transform {LANGUAGE_EXTENSIONS}")
        return FUNCTIONS[name](self, argument)


def calls(value: Any, evaluate: Evaluator | None = None) -> Iterator[tuple[str, Any]]:
    """Every function in a value with its argument, what Fn::Sub names included; with ``evaluate``, of the branches
    that are chosen only."""
    name = function(value)
    if name == "Fn::If" and evaluate and isinstance(value[name], list):
        yield from calls(evaluate.branch(value[name]), evaluate)
        return
    if name:
        yield name, value[name]
    if name == "Fn::Sub":
        template, own = substitutions(value[name])
        for each in SUBSTITUTED.findall(LITERAL.sub("", template)):
            resource, _, attribute = each.strip().partition(".")
            if each.strip() not in own:
                yield ("Fn::GetAtt", [resource, attribute]) if attribute else ("Ref", resource)
    if name not in ("Ref", "Condition"):
        for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            yield from calls(item, evaluate)
