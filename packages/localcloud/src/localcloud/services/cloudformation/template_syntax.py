"""Whether each part of a template has the form that it must have: a map, a list, a text, a number."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from localcloud.core.refusal import Refusal
from localcloud.services.cloudformation.intrinsics import function
from localcloud.services.cloudformation.yaml_text import broken

MAPS = ("Parameters", "Rules", "Mappings", "Conditions", "Resources", "Outputs")
SECTIONS = ("AWSTemplateFormatVersion", "Description", "Metadata", "Transform", *MAPS)
NOT_DONE = ("CreationPolicy", "UpdatePolicy")
ATTRIBUTES = (
    *("Type", "Properties", "DependsOn", "Condition", "DeletionPolicy", "UpdateReplacePolicy", "Metadata"),
    *("Description", *NOT_DONE),
)
POLICIES = ("Delete", "Retain", "RetainExceptOnCreate")
NAME = re.compile(r"[A-Za-z0-9]{1,255}")
NUMBER, COUNT = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)"), re.compile(r"\d+")
LIMITS = {"MinLength": COUNT, "MaxLength": COUNT, "MinValue": NUMBER, "MaxValue": NUMBER}  # of parameters
MOST_RESOURCES = 500


def check(said: Mapping[str, Any]) -> None:
    """A Refusal names the first part that is not as it must be."""
    if unknown := [name for name in said if name not in SECTIONS]:
        raise Refusal("ValidationError", f"Invalid template property or properties [{', '.join(unknown)}]")
    if str(said.get("AWSTemplateFormatVersion", "2010-09-09")) != "2010-09-09":
        raise broken("unsupported value for AWSTemplateFormatVersion.")
    if not isinstance(said.get("Description", ""), str):
        raise broken("Description must be a text.")
    if not isinstance(said.get("Transform") or [], str | list | dict):
        raise broken("Transform must be a text or a list.")
    for name in MAPS:
        if not isinstance(said.get(name) or {}, dict):
            raise broken(f"{name} must be a map.")
    _check_resources(said.get("Resources") or {})
    for section, needed, check_one in (("Outputs", "Value", _check_output), ("Parameters", "Type", _check_parameter)):
        for name, entry in (said.get(section) or {}).items():
            if not isinstance(entry, dict) or needed not in entry:
                raise broken(f"Every {section} member must contain a {needed} object: {name} has none.")
            check_one(name, entry)


def _check_resources(resources: Mapping[str, Any]) -> None:
    if not resources:
        raise broken("At least one Resources member must be defined.")
    if len(resources) > MOST_RESOURCES:
        raise broken(f"Number of resources, {len(resources)}, is greater than the maximum allowed, {MOST_RESOURCES}")
    for name, resource in resources.items():
        _check_resource(name, resource)


def _check_resource(name: str, resource: Any) -> None:
    if not NAME.fullmatch(name):
        raise broken(f"Resource name {name} is non alphanumeric.")
    if not isinstance(resource, dict) or not isinstance(resource.get("Type"), str):
        raise broken(f"[/Resources/{name}] every Resources object must contain a Type member that is a text.")
    if unknown := [key for key in resource if key not in ATTRIBUTES]:
        raise Refusal("ValidationError", f"Invalid template resource property '{unknown[0]}' (resource {name})")
    properties, depends = resource.get("Properties", {}), resource.get("DependsOn", [])
    if not isinstance(properties, dict) or function(properties):
        raise broken(f"[/Resources/{name}/Properties] must be a map.")
    if not all(isinstance(each, str) for each in (depends if isinstance(depends, list) else [depends])):
        raise broken(f"[/Resources/{name}/DependsOn] must be a text or a list of texts.")
    _check_condition("Resources", name, resource)
    for key in ("DeletionPolicy", "UpdateReplacePolicy"):
        policy = resource.get(key, "Delete")
        if policy not in POLICIES or (key == "UpdateReplacePolicy" and policy == "RetainExceptOnCreate"):
            raise broken(f"Unrecognized {key} {policy} for resource {name}")


def _check_output(name: str, output: Mapping[str, Any]) -> None:
    _check_condition("Outputs", name, output)
    if "Export" in output and not (isinstance(output["Export"], dict) and "Name" in output["Export"]):
        raise broken(f"[/Outputs/{name}/Export] must be a map with a Name.")


def _check_condition(section: str, name: str, entry: Mapping[str, Any]) -> None:
    if not isinstance(entry.get("Condition", ""), str):
        raise broken(f"[/{section}/{name}/Condition] must be the name of a condition.")


def _check_parameter(name: str, parameter: Mapping[str, Any]) -> None:
    if not isinstance(parameter["Type"], str):
        raise broken(f"[/Parameters/{name}/Type] must be a text.")
    if not isinstance(parameter.get("AllowedValues", []), list):
        raise broken(f"[/Parameters/{name}/AllowedValues] must be a list.")
    for limit, pattern in LIMITS.items():
        if limit in parameter and not pattern.fullmatch(str(parameter[limit])):
            raise broken(f"[/Parameters/{name}/{limit}] must be a number.")
