"""The values of a stack's template: parameters and pseudo parameters are known, resources are asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from localcloud.core.refusal import Refusal
from localcloud.services.cloudformation import property_types, rules, schemas
from localcloud.services.cloudformation.functions import error
from localcloud.services.cloudformation.intrinsics import LANGUAGE_EXTENSIONS, NO_VALUE, Evaluator, calls
from localcloud.services.cloudformation.order import dependencies, ordered
from localcloud.services.cloudformation.resource_requests import as_tags
from localcloud.services.cloudformation.resources import KINDS
from localcloud.services.cloudformation.stack import Wanted

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

ZONES = "abc"


def evaluator(
    cloud: Cloud,
    name: str,
    stack_id: str,
    wanted: Wanted,
    *,
    ref: Callable[[str], Any],
    attribute: Callable[[str, str], Any],
    exported: Callable[[str], str],
) -> Evaluator:
    pseudo = {
        "AWS::AccountId": cloud.account,
        "AWS::NotificationARNs": list(wanted.settings.get("NotificationARNs", [])),
        "AWS::NoValue": NO_VALUE,
        "AWS::Partition": "aws",
        "AWS::Region": cloud.region,
        "AWS::StackId": stack_id,
        "AWS::StackName": name,
        "AWS::URLSuffix": "amazonaws.com",
    }
    template = wanted.template
    return Evaluator(
        values=pseudo | {key: parameter.used for key, parameter in wanted.parameters.items()},
        conditions=template.section("Conditions"),
        mappings=template.section("Mappings"),
        ref=ref,
        attribute=attribute,
        exported=exported,
        zones=lambda region: [f"{region or cloud.region}{letter}" for letter in ZONES],
        extended=LANGUAGE_EXTENSIONS in template.transforms,
    )


def check(cloud: Cloud, name: str, wanted: Wanted) -> None:
    """What can be refused before anything is done: rules, conditions, a circle of dependencies."""

    def nothing(*_: str) -> str:
        raise error("only parameters and mappings can be used here")

    evaluate = evaluator(cloud, name, name, wanted, ref=nothing, attribute=nothing, exported=nothing)
    rules.check(wanted.template.section("Rules"), evaluate)
    graph(wanted, evaluate)


def present(wanted: Wanted, evaluate: Evaluator) -> dict[str, Mapping[str, Any]]:
    """The resources whose conditions hold."""
    resources = wanted.template.resources.items()
    return {name: said for name, said in resources if "Condition" not in said or evaluate.holds(said["Condition"])}


def graph(wanted: Wanted, evaluate: Evaluator) -> dict[str, set[str]]:
    """What each resource that is present depends on, in the order in which they are made."""
    here = present(wanted, evaluate)
    found = {name: dependencies(said, here, evaluate) for name, said in here.items()}
    for name, said in here.items():
        _refuse_absent(name, said, here, wanted, evaluate)
    return {name: found[name] for name in ordered(found)}


def _refuse_absent(
    name: str, said: Mapping[str, Any], here: Mapping[str, Any], wanted: Wanted, evaluate: Evaluator
) -> None:
    """A reference to a resource whose condition does not hold; in DependsOn it means nothing."""
    for function, argument in calls(said.get("Properties", {}), evaluate):
        target = argument if function == "Ref" else argument[0] if isinstance(argument, list) and argument else argument
        target = target.split(".")[0] if isinstance(target, str) else target
        if function in ("Ref", "Fn::GetAtt") and target in wanted.template.resources and target not in here:
            why = f"Unresolved resource dependencies [{target}] in the Resources block of the template"
            raise Refusal("ValidationError", f"Template format error: {why} (resource {name})")


def properties(said: Mapping[str, Any], wanted: Wanted, evaluate: Evaluator) -> tuple[dict[str, Any], list[str]]:
    """A resource's properties as they are carried out, the stack's tags included, and what is wrong with them."""
    kind = said["Type"]
    values = evaluate(said.get("Properties", {}))
    where = schemas.tag_property(kind)
    if wanted.tags and where in KINDS[kind].properties:
        tags = as_tags(list(wanted.tags)) | as_tags(values.get(where))
        map_wanted = schemas.schema(kind)["properties"][where].get("type") == "object"
        values[where] = tags if map_wanted else [{"Key": key, "Value": value} for key, value in tags.items()]
    return property_types.fitted(kind, values)


def outputs(wanted: Wanted, evaluate: Evaluator) -> list[dict[str, str]]:
    found = []
    for name, said in wanted.template.section("Outputs").items():
        if "Condition" in said and not evaluate.holds(said["Condition"]):
            continue
        told = {"OutputKey": name, "OutputValue": evaluate.text(said["Value"])}
        told |= {"Description": str(said["Description"])} if "Description" in said else {}
        if "Export" in said:
            told["ExportName"] = evaluate.text(said["Export"]["Name"])
        found.append(told)
    return found
