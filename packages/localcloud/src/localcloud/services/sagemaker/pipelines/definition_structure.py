"""What CreatePipeline refuses beyond ``definition_checks``: structure, cycles, and steps that localcloud cannot run."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from localcloud.services.sagemaker.pipelines import retries, step_cache
from localcloud.services.sagemaker.pipelines.definition_checks import (
    CALLS,
    VERSION,
    all_steps,
    definition_problems,
    is_reference,
)
from localcloud.services.sagemaker.pipelines.graph import Graph
from localcloud.services.sagemaker.refusals import invalid

SUPPORTED = (*CALLS, "Condition", "Fail")
NOT_YET = (
    "Lambda", "Callback", "QualityCheck", "ClarifyCheck", "Tuning", "AutoML", "EMR", "EMRServerless", "NotebookJob",
    "EndpointConfig", "Endpoint", "InferenceComponent", "Lineage", "ForEach", "Cleanup", "Compilation",
)  # fmt: skip
TWO_SIDED = ("Equals", "GreaterThan", "GreaterThanOrEqualTo", "LessThan", "LessThanOrEqualTo")
CONDITION_MEMBERS = {
    **{kind: {"LeftValue", "RightValue"} for kind in TWO_SIDED},
    "In": {"QueryValue", "Values"},
    "Not": {"Condition"},
    "Or": {"Conditions"},
}
FILE_MEMBERS = ("PropertyFileName", "OutputName", "FilePath")
SHOWN = 5  # problems in one refusal


def parse(body: str) -> dict[str, Any]:
    """The definition, or the refusal of CreatePipeline and UpdatePipeline."""
    problems = list(structure_problems(body))
    if problems:
        more = f" (and {len(problems) - SHOWN} more)" if len(problems) > SHOWN else ""
        raise invalid(f"Unable to parse pipeline definition. {'; '.join(problems[:SHOWN])}{more}")
    definition: dict[str, Any] = json.loads(body)
    return definition


def structure_problems(body: str) -> Iterator[str]:
    """Later checks rely on earlier ones: the first with problems is the last."""
    try:
        definition = json.loads(body)
    except (ValueError, RecursionError) as error:
        yield f"the definition is not JSON: {error}"
        return
    for stage in (_structure, _expressions, lambda _: definition_problems(body), _steps, _cycles):
        try:
            problems = list(stage(definition))
        except (TypeError, AttributeError, KeyError) as error:
            problems = [f"a value has the wrong type: {error}"]
        yield from problems
        if problems:
            return


def _structure(definition: Any) -> Iterator[str]:
    if not isinstance(definition, dict):
        yield f'the definition must be an object with "Version": "{VERSION}" and at least one step'
    elif definition.get("Version") != VERSION:
        yield f"Version is {definition.get('Version')!r}; the only supported one is {VERSION!r}"
    elif not isinstance(definition.get("Steps"), list) or not definition["Steps"]:
        yield "Steps must be a list of at least one step"
    else:
        parameters = definition.get("Parameters", [])
        if not _objects(parameters) or not all(isinstance(p.get("Name"), str) for p in parameters):
            yield "Parameters must be a list of objects with a Name and a Type"
        if not isinstance(definition.get("PipelineExperimentConfig") or {}, dict):
            yield "PipelineExperimentConfig must be an object"
        yield from _step_structures(definition["Steps"], "Steps")


def _step_structures(steps: Any, where: str) -> Iterator[str]:
    if not _objects(steps):
        yield f"{where} must be a list of objects"
        return
    for number, step in enumerate(steps):
        place, arguments = f"{where}[{number}]", step.get("Arguments")
        if not isinstance(step.get("Name"), str) or not isinstance(step.get("Type"), str):
            yield f"{place} must have a Name and a Type"
        elif not isinstance(arguments, dict):
            yield f"{step['Name']}: Arguments must be an object"
        elif step["Type"] in NOT_YET:
            yield f"{step['Name']}: steps of type {step['Type']} are not run by localcloud yet"
        elif step["Type"] not in SUPPORTED:
            yield f"{step['Name']}: the step type {step['Type']!r} is unknown"
        elif not _property_files(step.get("PropertyFiles", [])):
            yield f"{step['Name']}: PropertyFiles must be a list of objects with {', '.join(FILE_MEMBERS)}"
        elif step["Type"] == "Condition":
            yield from _conditions(arguments.get("Conditions"), step["Name"])
            for branch in ("IfSteps", "ElseSteps"):
                yield from _step_structures(arguments.get(branch, []), f"{step['Name']}.{branch}")
        elif step["Type"] == "Fail" and not _is_text(arguments.get("ErrorMessage", "")):
            yield f"{step['Name']}: ErrorMessage must be a string, or a reference to one"
        elif step["Type"] == "Processing" and not _objects(_outputs(arguments)):
            yield f"{step['Name']}: ProcessingOutputConfig.Outputs must be a list of objects"


def _property_files(files: Any) -> bool:
    return _objects(files) and all(isinstance(file.get(name), str) for file in files for name in FILE_MEMBERS)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) or is_reference(value)


def _outputs(arguments: dict[str, Any]) -> Any:
    config = arguments.get("ProcessingOutputConfig", {})
    return config.get("Outputs", []) if isinstance(config, dict) else None


def _conditions(conditions: Any, where: str) -> Iterator[str]:
    if not _objects(conditions) or not conditions:
        yield f"{where}: Conditions must be a list of at least one condition"
        return
    for condition in conditions:
        kind = condition.get("Type")
        if kind not in CONDITION_MEMBERS:
            yield f"{where}: a condition of type {kind!r} is unknown"
        elif condition.keys() - {"Type"} != CONDITION_MEMBERS[kind]:
            yield f"{where}: a condition of type {kind} has {', '.join(sorted(CONDITION_MEMBERS[kind]))} and no other"
        elif kind in ("Not", "Or"):
            inner = [condition["Condition"]] if kind == "Not" else condition["Conditions"]
            yield from _conditions(inner, where)
        elif kind == "In" and not isinstance(condition["Values"], list):
            yield f"{where}: Values of a condition of type In must be a list"


def _objects(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def _expressions(node: Any) -> Iterator[str]:
    """The syntax of references; their targets are checked later."""
    if isinstance(node, list):
        for item in node:
            yield from _expressions(item)
    elif isinstance(node, dict):
        for name, inner in node.items():
            if len(node) == 1 and name in EXPRESSIONS and not EXPRESSIONS[name](inner):
                yield f"{json.dumps(node)[:200]} is not a valid {name}"
            else:
                yield from _expressions(inner)


def _is_join(node: Any) -> bool:
    return isinstance(node, dict) and isinstance(node.get("On"), str) and isinstance(node.get("Values"), list)


def _is_json_get(node: Any) -> bool:
    if not isinstance(node, dict) or "Path" not in node or ("PropertyFile" in node) == ("S3Uri" in node):
        return False
    file = node.get("PropertyFile", {"Get": "Steps.X.PropertyFiles.Y"})
    return isinstance(file, dict) and bool(re.fullmatch(r"Steps\.[^.]+\.PropertyFiles\..+", str(file.get("Get"))))


EXPRESSIONS: dict[str, Callable[[Any], bool]] = {
    "Get": lambda node: isinstance(node, str),
    "Std:Join": _is_join,
    "Std:JsonGet": _is_json_get,
}


def _steps(definition: dict[str, Any]) -> Iterator[str]:
    steps = {step["Name"]: step for step in all_steps(definition["Steps"])}
    for name, step in steps.items():
        for problem in (*_dependencies(step, steps), *step_cache.problems(step), *retries.problems(step)):
            yield f"{name}: {problem}"


def _dependencies(step: dict[str, Any], steps: dict[str, dict[str, Any]]) -> Iterator[str]:
    names = step.get("DependsOn", [])
    if not isinstance(names, list):
        yield "DependsOn must be a list of step names"
        return
    for name in names:
        if name not in steps:
            yield f"DependsOn names {name!r}, which is not a step"
        elif steps[name]["Type"] == "Fail":
            yield f"{step['Name']} can not depends on {name}"  # AWS's own words


def _cycles(definition: dict[str, Any]) -> Iterator[str]:
    if cycle := Graph(definition).cycle():
        yield f"Cycle detected in pipeline step graph: {' -> '.join(cycle)}"
