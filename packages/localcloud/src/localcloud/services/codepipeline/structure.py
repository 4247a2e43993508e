"""The checks of a pipeline's structure beyond CodePipeline's API model. Pure.

Not reproduced, and refused: conditions of stages but those that skip one, actions of other regions or roles' accounts,
pull request triggers, V1's rules for what has no V2.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from localcloud.core.refusal import NOT_IMPLEMENTED
from localcloud.services.codepipeline import entry_conditions
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
from localcloud.services.codepipeline.variables import DECLARED, EXECUTION, EXECUTION_ID, references

STRUCTURE = "InvalidStructureException"
ACTION = "InvalidActionDeclarationException"
LIMIT = 1000  # characters of a value in an action's configuration
V2_ONLY = ("variables", "triggers", "executionMode")
Problems = Iterator[tuple[str, str]]  # the error's code and a sentence


def problems(pipeline: Mapping[str, Any], region: str) -> Problems:
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
    for kind, entries in (("stage", stages), ("variable", pipeline.get("variables", []))):
        yield from _duplicates(kind, [entry["name"] for entry in entries])
    yield from _sources(stages)
    for stage in stages:
        yield from _stage(stage, region)
    yield from _flow(pipeline)
    yield from _triggers(pipeline)


def _duplicates(kind: str, values: list[str]) -> Problems:
    for name in sorted({name for name in values if values.count(name) > 1}):
        yield STRUCTURE, f"The {kind} name {name} is used twice; it must be unique within the pipeline."


def _sources(stages: list[Any]) -> Problems:
    for number, stage in enumerate(stages):
        for action in stage["actions"]:
            if (category(action) == "Source") != (number == 0):
                rule = "only the first stage may and must have Source actions, and nothing else"
                yield STRUCTURE, f"Action {action['name']} of stage {stage['name']} is {category(action)}: {rule}."


def _stage(stage: Mapping[str, Any], region: str) -> Problems:
    if not stage["actions"]:
        yield entry_conditions.STAGE, f"Stage {stage['name']} has no actions."
    if "onSuccess" in stage:
        yield NOT_IMPLEMENTED, f"Conditions (onSuccess of stage {stage['name']}) are not implemented by localcloud."
    yield from entry_conditions.problems(stage)
    failure = stage.get("onFailure", {})
    if failure.get("conditions") or failure.get("result") == "SKIP":
        yield NOT_IMPLEMENTED, f"Conditions (onFailure of stage {stage['name']}) are not implemented by localcloud."
    yield from _duplicates(f"action of stage {stage['name']}", [action["name"] for action in stage["actions"]])
    for action in stage["actions"]:
        yield from _action(action, region)


def _action(action: Action, region: str) -> Problems:
    name, kind = action["name"], provider_of(action)
    type_id, known = action["actionTypeId"], PROVIDERS.get(kind)
    if known is None or (type_id["owner"], type_id["version"]) != ("AWS", "1"):
        providers = ", ".join(PROVIDERS)
        requested = f"{type_id['owner']} {type_id['category']} {kind} {type_id['version']}"
        yield NOT_IMPLEMENTED, f"localcloud has the actions {providers}; not {requested} (action {name})."
        return
    if category(action) not in known.categories:
        yield ACTION, f"ActionType (Category: '{category(action)}', Provider: '{kind}') of action {name} is not valid."
    if action.get("region", region) != region:
        yield NOT_IMPLEMENTED, f"Actions of another region are not implemented by localcloud (action {name})."
    yield from _counts(action, known)
    yield from _configuration(action, known)


def _counts(action: Action, known: Provider) -> Problems:
    for kind, (least, most) in (("inputArtifacts", known.inputs), ("outputArtifacts", known.outputs)):
        number = len(names(action, kind))
        if not least <= number <= most:
            yield ACTION, f"Action {action['name']} has {number} {kind}; {provider_of(action)} takes {least} to {most}."


def _configuration(action: Action, known: Provider) -> Problems:
    settings, name = configuration(action), action["name"]
    for key in known.required:
        if key not in settings:
            yield ACTION, f"Action configuration for action '{name}' is missing required configuration '{key}'."
    for key, value in settings.items():
        if key not in (*known.required, *known.optional):
            yield ACTION, f"Action configuration for action '{name}' contains unknown configuration '{key}'."
        if len(value) > LIMIT:
            yield ACTION, f"Value of configuration '{key}' of action '{name}' is longer than {LIMIT} characters."
    if settings.get("OutputArtifactFormat", "CODE_ZIP") != "CODE_ZIP":
        yield NOT_IMPLEMENTED, f"OutputArtifactFormat other than CODE_ZIP is not implemented by localcloud ({name})."
    if provider_of(action) == "CodeBuild":
        yield from _build(action, settings)


def _build(action: Action, settings: Mapping[str, str]) -> Problems:
    name, inputs = action["name"], names(action, "inputArtifacts")
    if len(inputs) > 1 and settings.get("PrimarySource") not in inputs:
        yield ACTION, f"Action '{name}' has several input artifacts: PrimarySource must name one of them."
    try:
        variables = json.loads(settings.get("EnvironmentVariables", "[]"))
        valid = all(isinstance(entry["name"], str) and isinstance(entry["value"], str) for entry in variables)
    except (ValueError, TypeError, KeyError):
        valid = False
    if not valid:
        shape = '[{"name": ..., "value": ..., "type": ...}]'
        yield ACTION, f"EnvironmentVariables of action '{name}' must be JSON like {shape}, the values strings."


def _flow(pipeline: Mapping[str, Any]) -> Problems:
    """Artifacts and variables must come from an earlier stage or a lower run order."""
    artifacts: set[str] = set()
    namespaces = {EXECUTION}
    declared = {variable["name"] for variable in pipeline.get("variables", [])}
    for stage in pipeline["stages"]:
        for rule in entry_conditions.rules(stage):
            yield from _references(f"Rule {rule['name']}", rule.get("configuration", {}), namespaces, declared)
        for number in sorted({order(action) for action in stage["actions"]}):
            actions = [action for action in stage["actions"] if order(action) == number]
            for action in actions:
                yield from _inputs(action, artifacts)
                yield from _references(f"Action {action['name']}", configuration(action), namespaces, declared)
            for action in actions:
                yield from _outputs(action, artifacts, namespaces)


def _inputs(action: Action, artifacts: set[str]) -> Problems:
    for name in names(action, "inputArtifacts"):
        if name not in artifacts:
            yield (
                STRUCTURE,
                f"Input Artifact Bundle {name} in action {action['name']} is not produced by an earlier one.",
            )


def _outputs(action: Action, artifacts: set[str], namespaces: set[str]) -> Problems:
    for name in names(action, "outputArtifacts"):
        if name in artifacts:
            yield STRUCTURE, f"Output Artifact Bundle name must be unique within the pipeline: {name} is used twice."
        artifacts.add(name)
    namespace = action.get("namespace")
    if namespace in {*namespaces, DECLARED}:
        yield ACTION, f"The namespace {namespace} of action {action['name']} is used already; it must be unique."
    if namespace:
        namespaces.add(namespace)


def _references(what: str, settings: Mapping[str, str], namespaces: set[str], declared: set[str]) -> Problems:
    for text in settings.values():
        for namespace, key in references(text):
            known = key in declared if namespace == DECLARED else namespace in namespaces
            if not known or (namespace == EXECUTION and key != EXECUTION_ID):
                rule = "it must come from an earlier action, or be declared"
                yield ACTION, f"{what} refers to #{{{namespace}.{key}}}, which does not exist: {rule}."


def _triggers(pipeline: Mapping[str, Any]) -> Problems:
    sources = {action["name"]: provider_of(action) for action in pipeline["stages"][0]["actions"]}
    for trigger in pipeline.get("triggers", []):
        git = trigger["gitConfiguration"]
        if sources.get(git["sourceActionName"]) != "CodeStarSourceConnection":
            sentence = f"The trigger's source action {git['sourceActionName']} is not an action with a connection."
            yield STRUCTURE, sentence
        if git.get("pullRequest"):
            yield NOT_IMPLEMENTED, "Triggers on pull requests are not implemented by localcloud."
        for push in git.get("push", []):
            if "tags" in push and ("branches" in push or "filePaths" in push):
                yield STRUCTURE, "A push filter has either tags, or branches with file paths."
