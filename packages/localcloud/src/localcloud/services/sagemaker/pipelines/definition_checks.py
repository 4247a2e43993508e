"""Problems of a pipeline definition: what CreatePipeline, and then each step's Create call, would refuse.

Checked: JSON, version, names, limits, the targets of references, and every job's arguments against AWS's model. Not
reproduced: which properties a step has, and the types of references.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from localcloud.core.request_validation import request_problems

VERSION = "2020-12-01"
PARAMETERS = 200
NAME = re.compile(r"[A-Za-z0-9\-_]{1,64}")
PARAMETER_TYPES: dict[str, tuple[type, ...]] = {
    "String": (str,),
    "Integer": (int,),
    "Float": (int, float),
    "Boolean": (bool,),
}
EXECUTION = {
    "PipelineName",
    "PipelineArn",
    "PipelineExecutionId",
    "PipelineExecutionArn",
    "StartDateTime",
    "CurrentDateTime",
}
# A step's type: the call it makes, and what the pipeline adds to its arguments.
CALLS = {
    "Processing": ("CreateProcessingJob", {"ProcessingJobName": "name"}),
    "Training": ("CreateTrainingJob", {"TrainingJobName": "name"}),
    "Transform": ("CreateTransformJob", {"TransformJobName": "name"}),
    "Model": ("CreateModel", {"ModelName": "name"}),
    "RegisterModel": ("CreateModelPackage", {}),
}
OTHERS = ("Condition", "Fail")


def is_reference(node: Any) -> bool:
    return isinstance(node, dict) and len(node) == 1 and next(iter(node)) in ("Get", "Std:Join", "Std:JsonGet")


def all_steps(steps: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Every step, including those in a condition's branches."""
    for step in steps:
        yield step
        arguments = step.get("Arguments", {})
        yield from all_steps(arguments.get("IfSteps", []) + arguments.get("ElseSteps", []))


def definition_problems(body: str) -> list[str]:
    """Messages; empty for a valid definition."""
    try:
        definition = json.loads(body)
    except ValueError as error:
        return [f"the definition is not JSON: {error}"]
    if not isinstance(definition, dict) or definition.get("Version") != VERSION or not definition.get("Steps"):
        return [f'the definition must be an object with "Version": "{VERSION}" and at least one step']
    return list(_problems(definition))


def _problems(definition: dict[str, Any]) -> Iterator[str]:
    parameters, steps = definition.get("Parameters", []), list(all_steps(definition["Steps"]))
    yield from _names("parameter", [parameter.get("Name", "") for parameter in parameters])
    yield from _names("step", [step.get("Name", "") for step in steps])
    if len(parameters) > PARAMETERS:
        yield f"{len(parameters)} parameters, at most {PARAMETERS} allowed"
    for parameter in parameters:
        yield from _parameter(parameter)
    known = {parameter.get("Name") for parameter in parameters}
    by_name = {step.get("Name", ""): step for step in steps}
    for step in steps:
        yield from _step(step)
        yield from (f"{step.get('Name')}: {problem}" for problem in _references(step, known, by_name))


def _names(kind: str, names: list[str]) -> Iterator[str]:
    yield from (f"the {kind} name {name!r} must match {NAME.pattern}" for name in names if not NAME.fullmatch(name))
    yield from (f"the {kind} name {name!r} is used twice" for name in sorted({n for n in names if names.count(n) > 1}))


def _parameter(parameter: dict[str, Any]) -> Iterator[str]:
    name, kind, default = parameter.get("Name"), parameter.get("Type"), parameter.get("DefaultValue")
    if kind not in PARAMETER_TYPES:
        yield f"the parameter {name} has the unknown type {kind!r}"
    elif not _all_of(parameter.get("EnumValues", []), kind):
        yield f"the parameter {name} is {kind}, its EnumValues {parameter['EnumValues']!r} are not a list of these"
    elif default is None:  # the start of an execution must give it
        return
    elif not _all_of([default], kind):
        yield f"the parameter {name} is {kind}, its default {default!r} is not"
    elif default not in parameter.get("EnumValues", [default]):
        yield f"the parameter {name} has the default {default!r}, which is not one of its values"


def _all_of(values: Any, kind: str) -> bool:
    types, boolean = PARAMETER_TYPES[kind], kind == "Boolean"
    return isinstance(values, list) and all(isinstance(v, types) and isinstance(v, bool) == boolean for v in values)


def _step(step: dict[str, Any]) -> Iterator[str]:
    name, kind, arguments = step.get("Name"), step.get("Type"), step.get("Arguments", {})
    if kind in CALLS:
        operation, added = CALLS[kind]
        problems = request_problems("sagemaker", operation, {**arguments, **added}, is_reference)
        yield from (f"{name}: {problem}" for problem in problems)
    elif kind not in OTHERS:
        yield f"{name}: the step type {kind!r} is unknown"
    outputs = _outputs(step)
    for file in step.get("PropertyFiles", []):
        if file.get("OutputName") not in outputs:
            yield f"{name}: the property file {file.get('PropertyFileName')} is in no output of the step"


def _outputs(step: dict[str, Any]) -> set[str]:
    outputs = step.get("Arguments", {}).get("ProcessingOutputConfig", {}).get("Outputs", [])
    return {output.get("OutputName") for output in outputs}


def _references(node: Any, parameters: set[Any], steps: dict[str, dict[str, Any]]) -> Iterator[str]:
    if isinstance(node, dict) and node.keys() == {"Get"}:
        yield from _get(str(node["Get"]), parameters, steps)
    elif isinstance(node, dict | list):
        for child in node.values() if isinstance(node, dict) else node:
            if not _is_step(child):  # the steps of a branch are checked on their own
                yield from _references(child, parameters, steps)


def _is_step(node: Any) -> bool:
    return isinstance(node, dict) and "Type" in node and "Arguments" in node


def _get(path: str, parameters: set[Any], steps: dict[str, dict[str, Any]]) -> Iterator[str]:
    scope, _, rest = path.partition(".")
    name = re.split(r"[.\[]", rest, maxsplit=1)[0]
    known = {"Parameters": parameters, "Steps": steps.keys(), "Execution": EXECUTION}.get(scope, set())
    if name not in known:
        yield f"{path} refers to nothing"
        return
    if scope == "Steps":
        files = {entry.get("PropertyFileName") for entry in steps[name].get("PropertyFiles", [])}
        yield from _one_of(path, r"Outputs\['([^']+)'\]", _outputs(steps[name]), f"{name} has no output")
        yield from _one_of(path, r"\.PropertyFiles\.(.+)", files, f"{name} has no property file")


def _one_of(path: str, pattern: str, known: set[Any], otherwise: str) -> Iterator[str]:
    match = re.search(pattern, path)
    if match and match[1] not in known:
        yield f"{path}: {otherwise} {match[1]!r}"
