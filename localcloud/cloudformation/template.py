"""A template: what is in it, and whether it makes sense before anything is done."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from localcloud.api import Refusal, not_implemented
from localcloud.cloudformation import schemas
from localcloud.cloudformation.functions import attribute_of
from localcloud.cloudformation.intrinsics import LANGUAGE_EXTENSIONS, calls
from localcloud.cloudformation.resources import KINDS
from localcloud.cloudformation.yaml_text import broken, parsed

MAPS = ("Parameters", "Rules", "Mappings", "Conditions", "Resources", "Outputs")
SECTIONS = ("AWSTemplateFormatVersion", "Description", "Metadata", "Transform", *MAPS)
NOT_DONE = ("CreationPolicy", "UpdatePolicy")
ACTIVE = ("Properties", "Value", "Export")  # what is evaluated of a resource or an output
ATTRIBUTES = (
    *("Type", "Properties", "DependsOn", "Condition", "DeletionPolicy", "UpdateReplacePolicy", "Metadata"),
    *("Description", *NOT_DONE),
)
POLICIES = ("Delete", "Retain", "RetainExceptOnCreate")
PSEUDO = tuple(
    f"AWS::{name}"
    for name in ("AccountId", "NotificationARNs", "NoValue", "Partition", "Region", "StackId", "StackName", "URLSuffix")
)
NAME = re.compile(r"[A-Za-z0-9]{1,255}")
MOST_RESOURCES = 500
DYNAMIC = "{{resolve:"


@dataclass(frozen=True)
class Template:
    text: str
    said: Mapping[str, Any]

    def section(self, name: str) -> dict[str, Any]:
        return self.said.get(name) or {}

    @property
    def parameters(self) -> dict[str, dict[str, Any]]:
        return self.section("Parameters")

    @property
    def resources(self) -> dict[str, dict[str, Any]]:
        return self.section("Resources")

    @property
    def description(self) -> str:
        return str(self.said.get("Description", ""))

    @cached_property
    def transforms(self) -> list[str]:
        declared = self.said.get("Transform", [])
        return [declared] if isinstance(declared, str) else list(declared)

    @property
    def types(self) -> list[str]:
        return sorted({resource["Type"] for resource in self.resources.values()})


def read(text: str) -> Template:
    """A template that can be worked with; Refusal says why one cannot."""
    template = Template(text, parsed(text))
    _check_form(template)
    _check_types(template)
    _check_references(template)
    return template


def implemented(template: Template) -> None:
    """What AWS would do and localcloud does not is refused before anything is made."""
    if missing := [name for name in template.types if name not in KINDS]:
        raise not_implemented(f"CloudFormation's {', '.join(missing)}")
    if missing := [name for name in template.transforms if name != LANGUAGE_EXTENSIONS]:
        raise not_implemented(f"CloudFormation's transform {', '.join(missing)}")
    if DYNAMIC in template.text:
        raise not_implemented("CloudFormation's dynamic reference {{resolve:...}}")
    for name, resource in template.resources.items():
        done = KINDS[resource["Type"]].properties
        lacking = [prop for prop in resource.get("Properties", {}) if prop in schemas.properties(resource["Type"])]
        if lacking := [prop for prop in lacking if prop not in done]:
            raise not_implemented(f"CloudFormation's {resource['Type']} with {', '.join(lacking)} (resource {name})")
        if lacking := [attribute for attribute in NOT_DONE if attribute in resource]:
            raise not_implemented(f"CloudFormation's {lacking[0]} (resource {name})")


def _check_form(template: Template) -> None:
    if unknown := [name for name in template.said if name not in SECTIONS]:
        raise Refusal("ValidationError", f"Invalid template property or properties [{', '.join(unknown)}]")
    if str(template.said.get("AWSTemplateFormatVersion", "2010-09-09")) != "2010-09-09":
        raise broken("unsupported value for AWSTemplateFormatVersion.")
    if not isinstance(template.said.get("Description", ""), str):
        raise broken("Description must be a text.")
    for name in MAPS:
        if not isinstance(template.section(name), dict):
            raise broken(f"{name} must be a map.")
    if not template.resources:
        raise broken("At least one Resources member must be defined.")
    if len(template.resources) > MOST_RESOURCES:
        raise broken(
            f"Number of resources, {len(template.resources)}, is greater than the maximum allowed, {MOST_RESOURCES}"
        )
    for name, resource in template.resources.items():
        _check_resource(name, resource)
    for section, needed in (("Outputs", "Value"), ("Parameters", "Type")):
        for name, entry in template.section(section).items():
            if not isinstance(entry, dict) or needed not in entry:
                raise broken(f"Every {section} member must contain a {needed} object: {name} has none.")


def _check_resource(name: str, resource: Any) -> None:
    if not NAME.fullmatch(name):
        raise broken(f"Resource name {name} is non alphanumeric.")
    if not isinstance(resource, dict) or not isinstance(resource.get("Type"), str):
        raise broken(f"[/Resources/{name}] every Resources object must contain a Type member that is a text.")
    if unknown := [key for key in resource if key not in ATTRIBUTES]:
        raise Refusal("ValidationError", f"Invalid template resource property '{unknown[0]}' (resource {name})")
    if not isinstance(resource.get("Properties", {}), dict):
        raise broken(f"[/Resources/{name}/Properties] must be a map.")
    for key in ("DeletionPolicy", "UpdateReplacePolicy"):
        policy = resource.get(key, "Delete")
        if policy not in POLICIES or (key == "UpdateReplacePolicy" and policy == "RetainExceptOnCreate"):
            raise broken(f"Unrecognized {key} {policy} for resource {name}")


def _check_types(template: Template) -> None:
    if unknown := [name for name in template.types if name not in schemas.types()]:
        raise broken(f"Unrecognized resource types: [{', '.join(unknown)}]")


def _check_references(template: Template) -> None:
    for section in ("Resources", "Outputs"):
        if unresolved := sorted(set(_unresolved(template, section))):
            raise broken(
                f"Unresolved resource dependencies [{', '.join(unresolved)}] in the {section} block of the template"
            )
    for section in ("Resources", "Outputs", "Conditions"):
        used = {name for entry in template.section(section).values() for name in _conditions(entry)}
        if undefined := sorted(used - set(template.section("Conditions"))):
            raise broken(f"Unresolved condition dependency {undefined[0]} in the {section} block of the template")
    for name, argument in calls(template.section("Conditions")):
        if name == "Fn::GetAtt" or (name == "Ref" and argument not in (*template.parameters, *PSEUDO)):
            where = "Cannot reference resources in the Conditions block of the template"
            raise broken(f"Unresolved dependencies [{argument}]. {where}")


def _unresolved(template: Template, section: str) -> Iterator[str]:
    for entry in template.section(section).values():
        depends = entry.get("DependsOn", [])
        yield from (name for name in _names(depends) if name not in template.resources)
        for name, argument in calls({key: entry[key] for key in ACTIVE if key in entry}):
            if name == "Ref" and argument not in (*template.resources, *template.parameters, *PSEUDO):
                yield str(argument)
            elif name == "Fn::GetAtt":
                yield from _attribute(template, *attribute_of(argument))


def _attribute(template: Template, name: str, attribute: str) -> Iterator[str]:
    if name not in template.resources:
        yield name
        return
    kind = KINDS.get(template.resources[name]["Type"])
    if kind and attribute and attribute not in kind.attributes:
        sentence = f"Template error: resource {name} does not support attribute type {attribute} in Fn::GetAtt"
        raise Refusal("ValidationError", sentence)


def _conditions(entry: Any) -> Iterator[str]:
    if isinstance(entry, dict) and isinstance(entry.get("Condition"), str):
        yield entry["Condition"]
    for name, argument in calls(entry):
        if name == "Fn::If" and isinstance(argument, list) and argument:
            yield str(argument[0])
        elif name == "Condition":
            yield argument


def depends_on(resource: Mapping[str, Any]) -> list[str]:
    return _names(resource.get("DependsOn", []))


def _names(told: Any) -> list[str]:
    return [told] if isinstance(told, str) else list(told)
