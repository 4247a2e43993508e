"""AWS::CodePipeline::Pipeline."""

from __future__ import annotations

from typing import Any

from localcloud.services.cloudformation.resources.resource_type import (
    Context,
    Properties,
    ResourceType,
    Tagging,
    names,
    pick,
)

PIPELINE = "ArtifactStore ArtifactStores ExecutionMode PipelineType RoleArn Stages Triggers Variables"


class Pipeline(ResourceType):
    type = "AWS::CodePipeline::Pipeline"
    properties = names(f"{PIPELINE} Name DisableInboundStageTransitions RestartExecutionOnUpdate Tags")
    attributes = names("Version Arn")
    tags = Tagging("codepipeline", "TagResource", "UntagResource", "ResourceArn")

    def create(self, context: Context, properties: Properties) -> str:
        name = properties.get("Name") or context.generate_name(100)
        request = pick(properties, "Tags")
        context.call("codepipeline", "CreatePipeline", request, Pipeline=_pipeline(name, properties))
        context.physical_id = name
        self._update_transitions(context, name, properties, {})
        return str(name)

    def update(self, context: Context, physical_id: str, properties: Properties, before: Properties) -> None:
        if pick(properties, PIPELINE) != pick(before, PIPELINE):
            context.call("codepipeline", "UpdatePipeline", Pipeline=_pipeline(physical_id, properties))
            if properties.get("RestartExecutionOnUpdate"):
                context.call("codepipeline", "StartPipelineExecution", Name=physical_id)
        self._update_transitions(context, physical_id, properties, before)
        arn = context.cloud.arn("codepipeline", physical_id)
        self.tags.update(context, arn, properties.get("Tags"), before.get("Tags"))

    def _update_transitions(self, context: Context, name: str, properties: Properties, before: Properties) -> None:
        key = "DisableInboundStageTransitions"
        transitions, old_transitions = properties.get(key, []), before.get(key, [])
        pipeline = {"PipelineName": name, "TransitionType": "Inbound"}
        for each in (each for each in transitions if each not in old_transitions):
            context.call("codepipeline", "DisableStageTransition", pipeline, each)
        disabled = {each["StageName"] for each in transitions}
        removed = _stage_names(before) - _stage_names(properties)
        for stage in (each["StageName"] for each in old_transitions):
            if stage not in disabled | removed:
                context.call("codepipeline", "EnableStageTransition", pipeline, StageName=stage)

    def delete(self, context: Context, physical_id: str, properties: Properties) -> None:
        context.call("codepipeline", "DeletePipeline", Name=physical_id)

    def read_attributes(self, context: Context, physical_id: str, properties: Properties) -> dict[str, Any]:
        pipeline = context.call("codepipeline", "GetPipeline", Name=physical_id)["pipeline"]
        return {"Version": str(pipeline["version"]), "Arn": context.cloud.arn("codepipeline", physical_id)}


def _pipeline(name: str, properties: Properties) -> dict[str, Any]:
    pipeline = pick(properties, PIPELINE)
    if "ArtifactStores" in pipeline:
        pipeline["ArtifactStores"] = {each["Region"]: each["ArtifactStore"] for each in pipeline["ArtifactStores"]}
    return {"Name": name, **pipeline}


def _stage_names(properties: Properties) -> set[str]:
    return {stage["Name"] for stage in properties.get("Stages", [])}


RESOURCE_TYPES: list[ResourceType] = [Pipeline()]
