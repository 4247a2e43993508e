"""Conditions for entering a stage: rules that check variables, and skip the stage when one of them fails. Pure.

AWS allows VariableCheck and LambdaInvoke with the result SKIP. Its regular expressions are Java's, those here Python's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from localcloud.core.refusal import NOT_IMPLEMENTED
from localcloud.services.codepipeline.variables import resolve

STAGE = "InvalidStageDeclarationException"
OPERATORS: Mapping[str, Callable[[str, str], bool]] = {
    "EQ": lambda variable, value: variable == value,
    "NE": lambda variable, value: variable != value,
    "CONTAINS": lambda variable, value: value in variable,
    "MATCHES": lambda variable, value: re.fullmatch(value, variable) is not None,
}
KEYS = {"Variable", "Value", "Operator"}
Stage = Mapping[str, Any]  # as a pipeline declares it


def rules(stage: Stage) -> list[Mapping[str, Any]]:
    conditions = stage.get("beforeEntry", {}).get("conditions", [])
    return [rule for condition in conditions for rule in condition.get("rules", [])]


def problems(stage: Stage) -> Iterator[tuple[str, str]]:
    """The error's code and a sentence for each; references to variables are checked with those of the actions."""
    for condition in stage.get("beforeEntry", {}).get("conditions", []):
        if condition.get("result") != "SKIP":
            sentence = f"localcloud has the result SKIP of conditions, not {condition.get('result')}"
            yield NOT_IMPLEMENTED, f"{sentence} (beforeEntry of stage {stage['name']})."
    for rule in rules(stage):
        yield from _rule(stage["name"], rule)


def _rule(stage: str, rule: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    provider, settings = rule["ruleTypeId"]["provider"], rule.get("configuration", {})
    if provider == "LambdaInvoke":
        yield NOT_IMPLEMENTED, f"Rules of type LambdaInvoke are not implemented by localcloud (stage {stage})."
    elif provider != "VariableCheck":
        yield STAGE, f"Rule {rule['name']} of stage {stage}: only LambdaInvoke and VariableCheck can skip a stage."
    elif settings.keys() != KEYS or settings["Operator"] not in OPERATORS:
        expected = f"Variable, Value and Operator ({', '.join(OPERATORS)})"
        yield STAGE, f"The configuration of rule {rule['name']} of stage {stage} must have {expected}."


def allow_entry(stage: Stage, namespaces: Mapping[str, Mapping[str, str]]) -> bool:
    """Raises Unresolved for a variable that no earlier action set."""
    settings = [rule["configuration"] for rule in rules(stage)]
    return all(OPERATORS[each["Operator"]](resolve(each["Variable"], namespaces), each["Value"]) for each in settings)
