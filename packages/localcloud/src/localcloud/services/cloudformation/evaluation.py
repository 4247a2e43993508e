"""The values of a stack's template. Parameters are known; resources and exports of other stacks are looked up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from localcloud.core import tags
from localcloud.services.cloudformation import dependency_graph, property_validation, rules, schemas
from localcloud.services.cloudformation.errors import format_error, template_error
from localcloud.services.cloudformation.evaluator import NO_VALUE, Evaluator, Lookups
from localcloud.services.cloudformation.function_syntax import LANGUAGE_EXTENSIONS, function_calls, split_attribute
from localcloud.services.cloudformation.functions import CONDITION_FUNCTIONS, FUNCTIONS
from localcloud.services.cloudformation.resource_requests import parse_tags
from localcloud.services.cloudformation.resources import RESOURCE_TYPES
from localcloud.services.cloudformation.stack_definition import StackDefinition

ZONE_LETTERS = "abc"
Declaration = Mapping[str, Any]


class Location(NamedTuple):
    account: str
    region: str


class Evaluation:
    def __init__(
        self, location: Location, stack_name: str, stack_id: str, definition: StackDefinition, lookups: Lookups
    ) -> None:
        self.definition, template = definition, definition.template
        parameters = {key: parameter.effective_value for key, parameter in definition.parameters.items()}
        self.evaluate = Evaluator(
            FUNCTIONS,
            CONDITION_FUNCTIONS,
            lookups,
            values=_pseudo_parameters(location, stack_name, stack_id, definition) | parameters,
            conditions=template.section("Conditions"),
            mappings=template.section("Mappings"),
            zones=lambda region: [f"{region or location.region}{letter}" for letter in ZONE_LETTERS],
            extensions=LANGUAGE_EXTENSIONS in template.transforms,
        )

    def resources(self) -> dict[str, Declaration]:
        """The resources whose conditions hold."""
        return self._existing(self.definition.template.resources)

    def graph(self) -> dict[str, set[str]]:
        """The dependencies of each existing resource, in the order of creation."""
        resources, branch = self.resources(), self.evaluate.branch
        graph = {name: dependency_graph.dependencies(each, resources, branch) for name, each in resources.items()}
        for name, declaration in resources.items():
            self._check_references(name, declaration, resources)
        return {name: graph[name] for name in dependency_graph.sort(graph)}

    def import_all(self) -> None:
        """Look up every import that resources and outputs use."""
        values = [declaration.get("Properties", {}) for declaration in self.resources().values()]
        values += [output["Value"] for output in self._existing(self.definition.template.section("Outputs")).values()]
        for name, argument in function_calls(values, self.evaluate.branch):
            if name == "Fn::ImportValue":
                self.evaluate({name: argument})

    def properties(self, declaration: Declaration) -> tuple[dict[str, Any], list[str]]:
        """A resource's evaluated properties, the stack's tags included, and their problems."""
        type_name = declaration["Type"]
        values = self.evaluate(declaration.get("Properties", {}))
        key = schemas.tag_property(type_name)
        if self.definition.tags and key in RESOURCE_TYPES[type_name].properties:
            merged = tags.as_dict(self.definition.tags) | parse_tags(values.get(key))
            is_map = schemas.schema(type_name)["properties"][key].get("type") == "object"
            values[key] = merged if is_map else tags.as_list(merged)
        return property_validation.validate(type_name, values)

    def outputs(self) -> list[dict[str, str]]:
        outputs = self._existing(self.definition.template.section("Outputs"))
        return [self._output(name, declaration) for name, declaration in outputs.items()]

    def _output(self, name: str, declaration: Declaration) -> dict[str, str]:
        output = {"OutputKey": name, "OutputValue": self.evaluate.text(declaration["Value"])}
        if "Description" in declaration:
            output["Description"] = str(declaration["Description"])
        if "Export" in declaration:
            output["ExportName"] = self.evaluate.text(declaration["Export"]["Name"])
        return output

    def _existing(self, section: Mapping[str, Declaration]) -> dict[str, Declaration]:
        return {
            name: declaration
            for name, declaration in section.items()
            if "Condition" not in declaration or self.evaluate.holds(declaration["Condition"])
        }

    def _check_references(self, name: str, declaration: Declaration, resources: Mapping[str, Any]) -> None:
        """Refuse references to a resource whose condition does not hold; in DependsOn these are ignored."""
        declared = self.definition.template.resources
        for function, argument in function_calls(declaration.get("Properties", {}), self.evaluate.branch):
            if function in ("Ref", "Fn::GetAtt"):
                target = argument if function == "Ref" else split_attribute(argument)[0]
                if target in declared and target not in resources:
                    reason = f"Unresolved resource dependencies [{target}] in the Resources block of the template"
                    raise format_error(f"{reason} (resource {name})")


def check(location: Location, stack_name: str, definition: StackDefinition) -> None:
    """Refuse what can be refused before any resource is created: rules, conditions, circular dependencies."""

    def refuse(*_: str) -> str:
        raise template_error("only parameters and mappings can be used here")

    evaluation = Evaluation(location, stack_name, stack_name, definition, Lookups(refuse, refuse, refuse))
    rules.check(definition.template.section("Rules"), evaluation.evaluate)
    evaluation.graph()


def _pseudo_parameters(
    location: Location, stack_name: str, stack_id: str, definition: StackDefinition
) -> dict[str, Any]:
    return {
        "AWS::AccountId": location.account,
        "AWS::NotificationARNs": list(definition.settings.get("NotificationARNs", [])),
        "AWS::NoValue": NO_VALUE,
        "AWS::Partition": "aws",
        "AWS::Region": location.region,
        "AWS::StackId": stack_id,
        "AWS::StackName": stack_name,
        "AWS::URLSuffix": "amazonaws.com",
    }
