"""What CodePipeline refuses of a pipeline's structure, beyond its own model. Pure.

Not reproduced, and refused: conditions of stages, actions of other regions or roles' accounts, pull request triggers,
V1's rules for what has no V2.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from localcloud.core.refusal import NOT_IMPLEMENTED
from localcloud.services.codepipeline.providers import (
    PROVIDERS,
    Action,
    Provider,
    category,
    configuration,
    names,
    order,
)
from localcloud.services.codepipeline.providers import provider as provider_of
from localcloud.services.codepipeline.variables import DECLARED, EXECUTION_ID, OWN, references

STRUCTURE = "InvalidStructureException"
STAGE = "InvalidStageDeclarationException"
ACTION = "InvalidActionDeclarationException"
LONGEST = 1000  # characters of a value in an action's configuration
V2_ONLY = ("variables", "triggers", "executionMode")
Found = Iterator[tuple[str, str]]  # the error's code and a sentence


def problems(pipeline: Mapping[str, Any], region: str) -> Found:
    stages = pipeline["stages"]
    if len(stages) < 2:
        yield STRUCTURE, f"Pipeline should contain at least 2 stages, this one has {len(stages)}."
    if ("artifactStore" in pipeline) == ("artifactStores" in pipeline):
        yield STRUCTURE, "You must include either artifactStore or artifactStores in your pipeline, and not both."
    if pipeline.get("artifactStores", {region: 0}).keys() - {region}:
        yield NOT_IMPLEMENTED, "Artifact stores of other regions are not implemented by localcloud."
    if pipeline.get("pipelineType", "V1") == "V1":
        used = [name for name in V2_ONLY if pipeline.get(name) and pipeline[name] != "SUPERSEDED"]
        yield from ((STRUCTURE, f"{name} is only for pipelines of type V2.") for name in used)
    for kind, found in (("stage", stages), ("variable", pipeline.get("variables", []))):
        yield from _twice(kind, [one["name"] for one in found])
    yield from _sources(stages)
    for stage in stages:
        yield from _stage(stage, region)
    yield from _flow(pipeline)
    yield from _triggers(pipeline)


def _twice(kind: str, told: list[str]) -> Found:
    for name in sorted({name for name in told if told.count(name) > 1}):
        yield STRUCTURE, f"The {kind} name {name} is used twice; it must be unique within the pipeline."


def _sources(stages: list[Any]) -> Found:
    for number, stage in enumerate(stages):
        for action in stage["actions"]:
            if (category(action) == "Source") != (number == 0):
                rule = "only the first stage may and must have Source actions, and nothing else"
                yield STRUCTURE, f"Action {action['name']} of stage {stage['name']} is {category(action)}: {rule}."


def _stage(stage: Mapping[str, Any], region: str) -> Found:
    if not stage["actions"]:
        yield STAGE, f"Stage {stage['name']} has no actions."
    for key in ("beforeEntry", "onSuccess"):
        if key in stage:
            yield NOT_IMPLEMENTED, f"Conditions ({key} of stage {stage['name']}) are not implemented by localcloud."
    failure = stage.get("onFailure", {})
    if failure.get("conditions") or failure.get("result") == "SKIP":
        yield NOT_IMPLEMENTED, f"Conditions (onFailure of stage {stage['name']}) are not implemented by localcloud."
    yield from _twice(f"action of stage {stage['name']}", [action["name"] for action in stage["actions"]])
    for action in stage["actions"]:
        yield from _action(action, region)


def _action(action: Action, region: str) -> Found:
    name, kind = action["name"], provider_of(action)
    told, known = action["actionTypeId"], PROVIDERS.get(kind)
    if known is None or (told["owner"], told["version"]) != ("AWS", "1"):
        there = ", ".join(PROVIDERS)
        asked = f"{told['owner']} {told['category']} {kind} {told['version']}"
        yield NOT_IMPLEMENTED, f"localcloud has the actions {there}; not {asked} (action {name})."
        return
    if category(action) not in known.categories:
        yield ACTION, f"ActionType (Category: '{category(action)}', Provider: '{kind}') of action {name} is not valid."
    if action.get("region", region) != region:
        yield NOT_IMPLEMENTED, f"Actions of another region are not implemented by localcloud (action {name})."
    yield from _counts(action, known)
    yield from _configuration(action, known)


def _counts(action: Action, known: Provider) -> Found:
    for kind, (least, most) in (("inputArtifacts", known.inputs), ("outputArtifacts", known.outputs)):
        number = len(names(action, kind))
        if not least <= number <= most:
            yield ACTION, f"Action {action['name']} has {number} {kind}; {provider_of(action)} takes {least} to {most}."


def _configuration(action: Action, known: Provider) -> Found:
    told, name = configuration(action), action["name"]
    for key in known.required:
        if key not in told:
            yield ACTION, f"Action configuration for action '{name}' is missing required configuration '{key}'."
    for key, value in told.items():
        if key not in (*known.required, *known.optional):
            yield ACTION, f"Action configuration for action '{name}' contains unknown configuration '{key}'."
        if len(value) > LONGEST:
            yield ACTION, f"Value of configuration '{key}' of action '{name}' is longer than {LONGEST} characters."
    if told.get("OutputArtifactFormat", "CODE_ZIP") != "CODE_ZIP":
        yield NOT_IMPLEMENTED, f"OutputArtifactFormat other than CODE_ZIP is not implemented by localcloud ({name})."
    if provider_of(action) == "CodeBuild":
        yield from _build(action, told)


def _build(action: Action, told: Mapping[str, str]) -> Found:
    name, inputs = action["name"], names(action, "inputArtifacts")
    if len(inputs) > 1 and told.get("PrimarySource") not in inputs:
        yield ACTION, f"Action '{name}' has several input artifacts: PrimarySource must name one of them."
    try:
        variables = json.loads(told.get("EnvironmentVariables", "[]"))
        right = all(isinstance(one["name"], str) and isinstance(one["value"], str) for one in variables)
    except (ValueError, TypeError, KeyError):
        right = False
    if not right:
        shape = '[{"name": ..., "value": ..., "type": ...}]'
        yield ACTION, f"EnvironmentVariables of action '{name}' must be JSON like {shape}, the values texts."


def _flow(pipeline: Mapping[str, Any]) -> Found:
    """Artifacts and variables come from an earlier stage, or from a lower run order."""
    artifacts: set[str] = set()
    spaces = {OWN}
    declared = {variable["name"] for variable in pipeline.get("variables", [])}
    for stage in pipeline["stages"]:
        for number in sorted({order(action) for action in stage["actions"]}):
            actions = [action for action in stage["actions"] if order(action) == number]
            for action in actions:
                yield from _inputs(action, artifacts)
                yield from _references(action, spaces, declared)
            for action in actions:
                yield from _outputs(action, artifacts, spaces)


def _inputs(action: Action, artifacts: set[str]) -> Found:
    for name in names(action, "inputArtifacts"):
        if name not in artifacts:
            yield (
                STRUCTURE,
                f"Input Artifact Bundle {name} in action {action['name']} is not produced by an earlier one.",
            )


def _outputs(action: Action, artifacts: set[str], spaces: set[str]) -> Found:
    for name in names(action, "outputArtifacts"):
        if name in artifacts:
            yield STRUCTURE, f"Output Artifact Bundle name must be unique within the pipeline: {name} is used twice."
        artifacts.add(name)
    space = action.get("namespace")
    if space in {*spaces, DECLARED}:
        yield ACTION, f"The namespace {space} of action {action['name']} is used already; it must be unique."
    if space:
        spaces.add(space)


def _references(action: Action, spaces: set[str], declared: set[str]) -> Found:
    for text in configuration(action).values():
        for space, key in references(text):
            right = key in declared if space == DECLARED else space in spaces
            if not right or (space == OWN and key != EXECUTION_ID):
                rule = "it must come from an earlier action, or be declared"
                yield ACTION, f"Action {action['name']} refers to #{{{space}.{key}}}, which is not there: {rule}."


def _triggers(pipeline: Mapping[str, Any]) -> Found:
    sources = {action["name"]: provider_of(action) for action in pipeline["stages"][0]["actions"]}
    for trigger in pipeline.get("triggers", []):
        git = trigger["gitConfiguration"]
        if sources.get(git["sourceActionName"]) != "CodeStarSourceConnection":
            told = f"The trigger's source action {git['sourceActionName']} is no action with a connection."
            yield STRUCTURE, told
        if git.get("pullRequest"):
            yield NOT_IMPLEMENTED, "Triggers on pull requests are not implemented by localcloud."
        for push in git.get("push", []):
            if "tags" in push and ("branches" in push or "filePaths" in push):
                yield STRUCTURE, "A push filter has either tags, or branches with file paths."
