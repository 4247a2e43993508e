"""A template: what is in it, and whether it makes sense before anything is done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from localcloud.core.refusal import Refusal, not_implemented
from localcloud.services.cloudformation import schemas, template_syntax
from localcloud.services.cloudformation.functions import attribute_of
from localcloud.services.cloudformation.intrinsics import LANGUAGE_EXTENSIONS, calls
from localcloud.services.cloudformation.resources import KINDS
from localcloud.services.cloudformation.template_syntax import NOT_DONE
from localcloud.services.cloudformation.yaml_text import broken, parsed

ACTIVE = ("Properties", "Value", "Export")  # what is evaluated of a resource or an output
PSEUDO = tuple(
    f"AWS::{name}"
    for name in ("AccountId", "NotificationARNs", "NoValue", "Partition", "Region", "StackId", "StackName", "URLSuffix")
)
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
        """Those with parameters as they are written; localcloud does none of them."""
        declared = self.said.get("Transform") or []
        return list(map(str, declared if isinstance(declared, list) else [declared]))

    @property
    def types(self) -> list[str]:
        return sorted({resource["Type"] for resource in self.resources.values()})


def read(text: str) -> Template:
    """A template that can be worked with; Refusal says why one cannot."""
    template = Template(text, parsed(text))
    template_syntax.check(template.said)
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
