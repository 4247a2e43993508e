"""A template: its parts, and the checks that need no request and no parameters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from localcloud.core.refusal import Refusal, not_implemented
from localcloud.services.cloudformation import schemas, template_syntax, template_text
from localcloud.services.cloudformation.errors import format_error, template_error
from localcloud.services.cloudformation.function_syntax import LANGUAGE_EXTENSIONS, function_calls, split_attribute
from localcloud.services.cloudformation.resources import RESOURCE_TYPES
from localcloud.services.cloudformation.template_syntax import UNSUPPORTED_ATTRIBUTES

EVALUATED = ("Properties", "Value", "Export")  # the evaluated members of a resource or an output
PSEUDO_PARAMETERS = tuple(
    f"AWS::{name}"
    for name in ("AccountId", "NotificationARNs", "NoValue", "Partition", "Region", "StackId", "StackName", "URLSuffix")
)
DYNAMIC_REFERENCE = "{{resolve:"


@dataclass(frozen=True)
class Template:
    text: str
    document: Mapping[str, Any]

    def section(self, name: str) -> dict[str, Any]:
        return self.document.get(name) or {}

    @property
    def parameters(self) -> dict[str, dict[str, Any]]:
        return self.section("Parameters")

    @property
    def resources(self) -> dict[str, dict[str, Any]]:
        return self.section("Resources")

    @property
    def description(self) -> str:
        return str(self.document.get("Description", ""))

    @cached_property
    def transforms(self) -> list[str]:
        """A transform with parameters is shown as written; localcloud supports none of these."""
        declared = self.document.get("Transform") or []
        return list(map(str, declared if isinstance(declared, list) else [declared]))

    @property
    def types(self) -> list[str]:
        return sorted({resource["Type"] for resource in self.resources.values()})


def read(text: str) -> Template:
    """A template that is valid as far as it can be checked alone."""
    template = Template(text, template_text.parse(text))
    template_syntax.check(template.document)
    _check_types(template)
    _check_references(template)
    return template


def check_implemented(template: Template) -> None:
    """Refuse what AWS supports and localcloud does not, before any resource is created."""
    if missing := [name for name in template.types if name not in RESOURCE_TYPES]:
        raise not_implemented(f"CloudFormation's {', '.join(missing)}")
    if missing := [name for name in template.transforms if name != LANGUAGE_EXTENSIONS]:
        raise not_implemented(f"CloudFormation's transform {', '.join(missing)}")
    if DYNAMIC_REFERENCE in template.text:
        raise not_implemented("CloudFormation's dynamic reference {{resolve:...}}")
    for name, resource in template.resources.items():
        _check_implemented_resource(name, resource)


def _check_implemented_resource(name: str, resource: Mapping[str, Any]) -> None:
    type_name = resource["Type"]
    known, supported = schemas.properties(type_name), RESOURCE_TYPES[type_name].properties
    if missing := [prop for prop in resource.get("Properties", {}) if prop in known and prop not in supported]:
        raise not_implemented(f"CloudFormation's {type_name} with {', '.join(missing)} (resource {name})")
    if missing := [attribute for attribute in UNSUPPORTED_ATTRIBUTES if attribute in resource]:
        raise not_implemented(f"CloudFormation's {missing[0]} (resource {name})")


def _check_types(template: Template) -> None:
    if unknown := [name for name in template.types if name not in schemas.types()]:
        raise format_error(f"Unrecognized resource types: [{', '.join(unknown)}]")


def _check_references(template: Template) -> None:
    for section in ("Resources", "Outputs"):
        if unresolved := sorted(set(_unresolved(template, section))):
            raise format_error(
                f"Unresolved resource dependencies [{', '.join(unresolved)}] in the {section} block of the template"
            )
    for section in ("Resources", "Outputs", "Conditions"):
        used = {name for entry in template.section(section).values() for name in _conditions(entry)}
        if undefined := sorted(used - set(template.section("Conditions"))):
            raise format_error(f"Unresolved condition dependency {undefined[0]} in the {section} block of the template")
    for name, argument in function_calls(template.section("Conditions")):
        if name == "Fn::GetAtt" or (name == "Ref" and argument not in (*template.parameters, *PSEUDO_PARAMETERS)):
            reason = "Cannot reference resources in the Conditions block of the template"
            raise format_error(f"Unresolved dependencies [{argument}]. {reason}")


def _unresolved(template: Template, section: str) -> Iterator[str]:
    for entry in template.section(section).values():
        yield from (name for name in depends_on(entry) if name not in template.resources)
        for name, argument in function_calls({key: entry[key] for key in EVALUATED if key in entry}):
            if name == "Ref" and argument not in (*template.resources, *template.parameters, *PSEUDO_PARAMETERS):
                yield str(argument)
            elif name == "Fn::GetAtt":
                yield from _unresolved_attribute(template, *split_attribute(argument))


def _unresolved_attribute(template: Template, name: str, attribute: str) -> Iterator[str]:
    if name not in template.resources:
        yield name
        return
    resource_type = RESOURCE_TYPES.get(template.resources[name]["Type"])
    if resource_type and attribute and attribute not in resource_type.attributes:
        raise unsupported_attribute(name, attribute)


def unsupported_attribute(name: str, attribute: str) -> Refusal:
    return template_error(f"resource {name} does not support attribute type {attribute} in Fn::GetAtt")


def _conditions(entry: Any) -> Iterator[str]:
    if isinstance(entry, dict) and isinstance(entry.get("Condition"), str):
        yield entry["Condition"]
    for name, argument in function_calls(entry):
        if name == "Fn::If" and isinstance(argument, list) and argument:
            yield str(argument[0])
        elif name == "Condition":
            yield argument


def depends_on(resource: Mapping[str, Any]) -> list[str]:
    names = resource.get("DependsOn", [])
    return [names] if isinstance(names, str) else list(names)
