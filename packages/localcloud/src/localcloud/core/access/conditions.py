"""Conditions: which of a request's values must match, and what holds where there are none."""

from __future__ import annotations

from dataclasses import dataclass

from localcloud.core.access.context import RequestContext, Values
from localcloud.core.access.operators import FAMILIES, NEGATIONS, WITH_VARIABLES, Test, boolean, parsed

QUANTIFIERS = ("forallvalues", "foranyvalue")


@dataclass(frozen=True, slots=True)
class Condition:
    """One key of one operator. ``quantifier`` is forallvalues, foranyvalue or empty."""

    operator: str
    key: str
    values: Values
    test: Test
    negated: bool
    if_exists: bool
    quantifier: str

    def holds(self, context: RequestContext) -> bool:
        values = context.get(self.key.lower())
        if self.quantifier:
            values = tuple(filter(None, values))
        if not values:
            return self._without_values()
        matches = [self.test(value, context) != self.negated for value in values]
        if self.quantifier == "forallvalues":
            return all(matches)
        # Several values need a quantifier: without one they match nothing.
        return any(matches) if self.quantifier else matches == [True]

    def _without_values(self) -> bool:
        if self.quantifier == "forallvalues" or self.if_exists:
            return True
        return self.negated and not self.quantifier

    def describe(self, context: RequestContext) -> str:
        values = context.get(self.key.lower())
        value = f"is {', '.join(values)}" if values else "has no value"
        return f"{self.operator}: {self.key} {value}, the policy names {', '.join(self.values)}"


@dataclass(frozen=True, slots=True)
class Null:
    key: str
    missing: frozenset[bool]

    def holds(self, context: RequestContext) -> bool:
        return (not context.get(self.key.lower())) in self.missing

    def describe(self, context: RequestContext) -> str:
        return f"Null: {self.key} {'has a value' if context.get(self.key.lower()) else 'has no value'}"


def compile_condition(name: str, key: str, values: Values, *, variables: bool) -> Condition | Null:
    """A ValueError if it is none."""
    quantifier, _, rest = name.lower().rpartition(":")
    if rest == "null" and not quantifier:
        return Null(key, frozenset(bool(parsed(boolean, value)) for value in values))
    base = rest.removesuffix("ifexists")
    negated = base in NEGATIONS
    compile_values = NEGATIONS[base] if negated else FAMILIES.get(base, (None, ""))[0]
    if compile_values is None or quantifier not in ("", *QUANTIFIERS):
        raise ValueError(f"{name} is not a condition operator")
    test = compile_values(values, variables and base.startswith(WITH_VARIABLES))
    return Condition(name, key, values, test, negated, base != rest, quantifier)
