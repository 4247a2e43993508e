"""Functions as a template writes them: their names and arguments. Nothing is evaluated here."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from localcloud.services.cloudformation.errors import template_error

SUBSTITUTION = re.compile(r"\$\{([^!{}][^{}]*)\}")
LITERAL = re.compile(r"\$\{!([^{}]*)\}")
LANGUAGE_EXTENSIONS = "AWS::LanguageExtensions"


def function_name(value: Any) -> str:
    """The function that a value calls; "" for plain data."""
    if isinstance(value, Mapping) and len(value) == 1:
        name, argument = next(iter(value.items()))
        if name.startswith("Fn::") or (name in ("Ref", "Condition") and isinstance(argument, str)):
            return str(name)
    return ""


def function_calls(value: Any, branch: Callable[[Any], Any] | None = None) -> Iterator[tuple[str, Any]]:
    """Every function in a value with its argument, including what Fn::Sub names.

    ``branch`` selects the branch of an Fn::If; without it, both are included.
    """
    name = function_name(value)
    if name == "Fn::If" and branch and isinstance(value[name], list):
        yield from function_calls(branch(value[name]), branch)
        return
    if name:
        yield name, value[name]
    if name == "Fn::Sub":
        yield from _substituted_calls(value[name])
    if name not in ("Ref", "Condition"):
        for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            yield from function_calls(item, branch)


def _substituted_calls(argument: Any) -> Iterator[tuple[str, Any]]:
    template, variables = split_substitution(argument)
    for match in SUBSTITUTION.findall(LITERAL.sub("", template)):
        resource, _, attribute = match.strip().partition(".")
        if match.strip() not in variables:
            yield ("Fn::GetAtt", [resource, attribute]) if attribute else ("Ref", resource)


def to_text(value: Any) -> str:
    """Numbers and booleans as CloudFormation writes them into text."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict | list):
        raise template_error(f"expected a string, not {json.dumps(value)[:100]}")
    return str(value)


def split_attribute(argument: Any) -> tuple[str, str]:
    """Resource and attribute of ``Key.Arn`` or ``[Key, Arn]``."""
    parts = argument.split(".", 1) if isinstance(argument, str) else argument
    if not isinstance(parts, list) or len(parts) != 2 or not isinstance(parts[0], str):
        raise template_error(
            "every Fn::GetAtt object requires two non-empty parameters, the resource name and its attribute"
        )
    return parts[0], parts[1] if isinstance(parts[1], str) else ""


def split_substitution(argument: Any) -> tuple[str, dict[str, Any]]:
    """Text and variables of an Fn::Sub."""
    if isinstance(argument, str):
        return argument, {}
    if (
        isinstance(argument, list)
        and len(argument) == 2
        and isinstance(argument[0], str)
        and isinstance(argument[1], dict)
    ):
        return argument[0], argument[1]
    raise template_error(
        "One or more Fn::Sub intrinsic functions don't specify expected arguments: a string and optionally a map"
    )


def require_list(argument: Any, name: str, *sizes: int) -> list[Any]:
    if not isinstance(argument, list) or (sizes and len(argument) not in sizes):
        raise template_error(f"{name} needs a list of {' or '.join(map(str, sizes)) or 'its arguments'}")
    return argument
