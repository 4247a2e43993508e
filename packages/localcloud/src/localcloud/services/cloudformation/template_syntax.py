"""Checks that each part of a template has the right type: a map, a list, a string, a number."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from localcloud.services.cloudformation.errors import format_error, validation_error
from localcloud.services.cloudformation.function_syntax import function_name

MAPS = ("Parameters", "Rules", "Mappings", "Conditions", "Resources", "Outputs")
SECTIONS = ("AWSTemplateFormatVersion", "Description", "Metadata", "Transform", *MAPS)
UNSUPPORTED_ATTRIBUTES = ("CreationPolicy", "UpdatePolicy")
ATTRIBUTES = (
    *("Type", "Properties", "DependsOn", "Condition", "DeletionPolicy", "UpdateReplacePolicy", "Metadata"),
    *("Description", *UNSUPPORTED_ATTRIBUTES),
)
POLICIES = ("Delete", "Retain", "RetainExceptOnCreate")
NAME = re.compile(r"[A-Za-z0-9]{1,255}")
NUMBER, COUNT = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)"), re.compile(r"\d+")
LIMITS = {"MinLength": COUNT, "MaxLength": COUNT, "MinValue": NUMBER, "MaxValue": NUMBER}  # of parameters
MAX_RESOURCES = 500


def check(document: Mapping[str, Any]) -> None:
    """The refusal names the first part that is wrong."""
    if unknown := [name for name in document if name not in SECTIONS]:
        raise validation_error(f"Invalid template property or properties [{', '.join(unknown)}]")
    if str(document.get("AWSTemplateFormatVersion", "2010-09-09")) != "2010-09-09":
        raise format_error("unsupported value for AWSTemplateFormatVersion.")
    if not isinstance(document.get("Description", ""), str):
        raise format_error("Description must be a string.")
    if not isinstance(document.get("Transform") or [], str | list | dict):
        raise format_error("Transform must be a string or a list.")
    for name in MAPS:
        if not isinstance(document.get(name) or {}, dict):
            raise format_error(f"{name} must be a map.")
    _check_resources(document.get("Resources") or {})
    for section, required, check_entry in (
        ("Outputs", "Value", _check_output),
        ("Parameters", "Type", _check_parameter),
    ):
        for name, entry in (document.get(section) or {}).items():
            if not isinstance(entry, dict) or required not in entry:
                raise format_error(f"Every {section} member must contain a {required} object: {name} has none.")
            check_entry(name, entry)


def _check_resources(resources: Mapping[str, Any]) -> None:
    if not resources:
        raise format_error("At least one Resources member must be defined.")
    if len(resources) > MAX_RESOURCES:
        raise format_error(
            f"Number of resources, {len(resources)}, is greater than the maximum allowed, {MAX_RESOURCES}"
        )
    for name, resource in resources.items():
        _check_resource(name, resource)


def _check_resource(name: str, resource: Any) -> None:
    if not NAME.fullmatch(name):
        raise format_error(f"Resource name {name} is non alphanumeric.")
    if not isinstance(resource, dict) or not isinstance(resource.get("Type"), str):
        raise format_error(f"[/Resources/{name}] every Resources object must contain a Type member that is a string.")
    if unknown := [key for key in resource if key not in ATTRIBUTES]:
        raise validation_error(f"Invalid template resource property '{unknown[0]}' (resource {name})")
    properties, depends = resource.get("Properties", {}), resource.get("DependsOn", [])
    if not isinstance(properties, dict) or function_name(properties):
        raise format_error(f"[/Resources/{name}/Properties] must be a map.")
    if not all(isinstance(each, str) for each in (depends if isinstance(depends, list) else [depends])):
        raise format_error(f"[/Resources/{name}/DependsOn] must be a string or a list of strings.")
    _check_condition("Resources", name, resource)
    for key in ("DeletionPolicy", "UpdateReplacePolicy"):
        policy = resource.get(key, "Delete")
        if policy not in POLICIES or (key == "UpdateReplacePolicy" and policy == "RetainExceptOnCreate"):
            raise format_error(f"Unrecognized {key} {policy} for resource {name}")


def _check_output(name: str, output: Mapping[str, Any]) -> None:
    _check_condition("Outputs", name, output)
    if "Export" in output and not (isinstance(output["Export"], dict) and "Name" in output["Export"]):
        raise format_error(f"[/Outputs/{name}/Export] must be a map with a Name.")


def _check_condition(section: str, name: str, entry: Mapping[str, Any]) -> None:
    if not isinstance(entry.get("Condition", ""), str):
        raise format_error(f"[/{section}/{name}/Condition] must be the name of a condition.")


def _check_parameter(name: str, parameter: Mapping[str, Any]) -> None:
    if not isinstance(parameter["Type"], str):
        raise format_error(f"[/Parameters/{name}/Type] must be a string.")
    if not isinstance(parameter.get("AllowedValues", []), list):
        raise format_error(f"[/Parameters/{name}/AllowedValues] must be a list.")
    for limit, pattern in LIMITS.items():
        if limit in parameter and not pattern.fullmatch(str(parameter[limit])):
            raise format_error(f"[/Parameters/{name}/{limit}] must be a number.")
