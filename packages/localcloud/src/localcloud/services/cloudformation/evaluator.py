"""Evaluates values of a template: calls their functions, and the conditions that select between them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from localcloud.services.cloudformation.errors import template_error
from localcloud.services.cloudformation.function_syntax import (
    LANGUAGE_EXTENSIONS,
    function_name,
    require_list,
    to_text,
)

NO_VALUE = object()  # Ref: AWS::NoValue: the entry is removed
Functions = Mapping[str, Callable[["Evaluator", Any], Any]]


class Lookups(NamedTuple):
    """Values from outside the template."""

    ref: Callable[[str], Any]  # of a resource
    attribute: Callable[[str, str], Any]  # of a resource
    import_value: Callable[[str], str]  # of another stack's export


class Evaluator:
    def __init__(
        self,
        functions: Functions,
        condition_functions: Functions,
        lookups: Lookups,
        *,
        values: Mapping[str, Any],
        conditions: Mapping[str, Any],
        mappings: Mapping[str, Any],
        zones: Callable[[str], list[str]],
        extensions: bool = False,
    ) -> None:
        """``extensions``: the template declares the transform AWS::LanguageExtensions."""
        self.functions, self.condition_functions, self.lookups = functions, condition_functions, lookups
        self.values, self.conditions, self.mappings, self.zones = values, conditions, mappings, zones
        self.extensions = extensions
        self._results: dict[str, bool] = {}
        self._visited: set[str] = set()

    def __call__(self, value: Any) -> Any:
        name = function_name(value)
        if name and name != "Condition":
            return self._call(name, value[name])
        if isinstance(value, dict):
            pairs = ((key, self(item)) for key, item in value.items())
            return {key: item for key, item in pairs if item is not NO_VALUE}
        if isinstance(value, list):
            return [item for item in map(self, value) if item is not NO_VALUE]
        return value

    def text(self, value: Any) -> str:
        return to_text(self(value))

    def holds(self, name: str) -> bool:
        """The value of a condition of the template."""
        if name not in self.conditions:
            raise template_error(f"Unresolved condition dependency {name}")
        if name not in self._results:
            if name in self._visited:
                raise template_error(f"Circular dependency between conditions: [{', '.join(sorted(self._visited))}]")
            self._visited.add(name)
            self._results[name] = self.condition(self.conditions[name])
        return self._results[name]

    def condition(self, value: Any) -> bool:
        """The value of a condition function."""
        name = function_name(value)
        if name not in self.condition_functions:
            allowed = ", ".join(self.condition_functions)
            raise template_error(f"{json.dumps(value)[:100]} is not a condition: it must be one of {allowed}")
        return bool(self.condition_functions[name](self, value[name]))

    def branch(self, argument: Any) -> Any:
        """The branch that an Fn::If selects, not evaluated."""
        condition, yes, no = require_list(argument, "Fn::If", 3)
        return yes if self.holds(condition) else no

    def _call(self, name: str, argument: Any) -> Any:
        if name == "Ref":
            return self.values[argument] if argument in self.values else self.lookups.ref(argument)
        if name not in self.functions:
            raise template_error(f"Encountered unsupported function: {name}")
        return self.functions[name](self, argument)

    def require_extensions(self, name: str) -> None:
        if not self.extensions:
            raise template_error(f"{name} needs the transform {LANGUAGE_EXTENSIONS}")
