"""Developer tools: CodeBuild, CodePipeline, CodeConnections, CodeCommit."""

from __future__ import annotations

from typing import Any, ClassVar

from localcloud.services.cloudformation.resource_requests import omit
from localcloud.services.cloudformation.resources.resource_type import (
    Context,
    HandlerError,
    Properties,
    ResourceType,
    Tagging,
    names,
    pick,
)

PROJECT = (
    "Description Source SecondarySources SourceVersion SecondarySourceVersions Artifacts SecondaryArtifacts Cache "
    "Environment ServiceRole TimeoutInMinutes QueuedTimeoutInMinutes EncryptionKey VpcConfig LogsConfig "
    "ConcurrentBuildLimit AutoRetryLimit Tags BadgeEnabled"
)
PIPELINE = "ArtifactStore ArtifactStores ExecutionMode PipelineType RoleArn Stages Triggers Variables"


class Project(ResourceType):
    type = "AWS::CodeBuild::Project"
    properties = names(f"{PROJECT} Name")
    attributes = names("Arn")

    def create(self, context: Context, properties: Properties) -> str:
        name = properties.get("Name") or context.generate_name(150)
        context.call("codebuild", "CreateProject", properties, Name=name)
        return str(name)

    def update(self, context: Context, physical_id: str, properties: Properties, before: Properties) -> None:
        """A member that is missing from the request stays unchanged, so removed properties are reset."""
        empty: dict[str, Any] = {"Description": "", "Tags": [], "SecondarySources": [], "SecondaryArtifacts": []}
        empty |= {"Cache": {"Type": "NO_CACHE"}, "VpcConfig": {}, "SourceVersion": "", "BadgeEnabled": False}
        empty |= {
            "TimeoutInMinutes": 60,
            "QueuedTimeoutInMinutes": 480,
            "ConcurrentBuildLimit": -1,
            "AutoRetryLimit": 0,
        }
        empty |= {"LogsConfig": {"CloudWatchLogs": {"Status": "ENABLED"}}, "EncryptionKey": "alias/aws/s3"}
        reset = {name: value for name, value in empty.items() if name in before and name not in properties}
        context.call("codebuild", "UpdateProject", reset, properties, Name=physical_id)

    def delete(self, context: Context, physical_id: str, properties: Properties) -> None:
        context.call("codebuild", "DeleteProject", Name=physical_id)

    def read_attributes(self, context: Context, physical_id: str, properties: Properties) -> dict[str, Any]:
        return {"Arn": context.cloud.arn("codebuild", f"project/{physical_id}")}


class ReportGroup(ResourceType):
    type = "AWS::CodeBuild::ReportGroup"
    properties = names("Name Type ExportConfig DeleteReports Tags")
    attributes = names("Arn")

    def create(self, context: Context, properties: Properties) -> str:
        name = properties.get("Name") or context.generate_name(128)
        response = context.call("codebuild", "CreateReportGroup", omit(properties, "DeleteReports"), Name=name)
        return str(response["reportGroup"]["arn"])

    def update(self, context: Context, physical_id: str, properties: Properties, before: Properties) -> None:
        request = {"Tags": [], "ExportConfig": properties["ExportConfig"]} | pick(properties, "Tags")
        context.call("codebuild", "UpdateReportGroup", request, Arn=physical_id)

    def delete(self, context: Context, physical_id: str, properties: Properties) -> None:
        context.call("codebuild", "DeleteReportGroup", pick(properties, "DeleteReports"), Arn=physical_id)

    def read_attributes(self, context: Context, physical_id: str, properties: Properties) -> dict[str, Any]:
        return {"Arn": physical_id}


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
        stages = {"PipelineName": name, "TransitionType": "Inbound"}
        for each in (each for each in transitions if each not in old_transitions):
            context.call("codepipeline", "DisableStageTransition", stages, each)
        disabled = {each["StageName"] for each in transitions}
        removed = _stage_names(before) - _stage_names(properties)
        for name in (each["StageName"] for each in old_transitions):
            if name not in disabled | removed:
                context.call("codepipeline", "EnableStageTransition", stages, StageName=name)

    def delete(self, context: Context, physical_id: str, properties: Properties) -> None:
        context.call("codepipeline", "DeletePipeline", Name=physical_id)

    def read_attributes(self, context: Context, physical_id: str, properties: Properties) -> dict[str, Any]:
        pipeline = context.call("codepipeline", "GetPipeline", Name=physical_id)["pipeline"]
        return {"Version": str(pipeline["version"]), "Arn": context.cloud.arn("codepipeline", physical_id)}


class Connection(ResourceType):
    type = "AWS::CodeConnections::Connection"
    properties = names("ConnectionName ProviderType HostArn Tags")
    attributes = names("ConnectionArn ConnectionStatus OwnerAccountId")
    service: ClassVar[str] = "codeconnections"

    def create(self, context: Context, properties: Properties) -> str:
        return str(context.call(self.service, "CreateConnection", properties)["ConnectionArn"])

    def update(self, context: Context, physical_id: str, properties: Properties, before: Properties) -> None:
        tags = Tagging(self.service, "TagResource", "UntagResource", "ResourceArn")
        tags.update(context, physical_id, properties.get("Tags"), before.get("Tags"))

    def delete(self, context: Context, physical_id: str, properties: Properties) -> None:
        context.call(self.service, "DeleteConnection", ConnectionArn=physical_id)

    def read_attributes(self, context: Context, physical_id: str, properties: Properties) -> dict[str, Any]:
        connection = context.call(self.service, "GetConnection", ConnectionArn=physical_id)["Connection"]
        return pick(connection, "ConnectionArn ConnectionStatus OwnerAccountId")


class CodeStarConnection(Connection):
    """The same under the former name of the service."""

    type = "AWS::CodeStarConnections::Connection"
    service = "codestar-connections"


class Repository(ResourceType):
    type = "AWS::CodeCommit::Repository"
    properties = names("RepositoryName RepositoryDescription KmsKeyId Tags")
    attributes = names("Arn CloneUrlHttp CloneUrlSsh Name")
    tags = Tagging("codecommit", "TagResource", "UntagResource", "ResourceArn")

    def create(self, context: Context, properties: Properties) -> str:
        repository = context.call("codecommit", "CreateRepository", properties)["repositoryMetadata"]
        return str(repository["repositoryId"])

    def update(self, context: Context, physical_id: str, properties: Properties, before: Properties) -> None:
        name, old_name = properties["RepositoryName"], before["RepositoryName"]
        if name != old_name:
            context.call("codecommit", "UpdateRepositoryName", OldName=old_name, NewName=name)
        description = properties.get("RepositoryDescription", "")
        if description != before.get("RepositoryDescription", ""):
            request = {"RepositoryName": name, "RepositoryDescription": description}
            context.call("codecommit", "UpdateRepositoryDescription", request)
        if properties.get("KmsKeyId") != before.get("KmsKeyId"):
            if "KmsKeyId" not in properties:
                raise HandlerError("KmsKeyId of a repository can be changed, not removed")
            context.call("codecommit", "UpdateRepositoryEncryptionKey", pick(properties, "RepositoryName KmsKeyId"))
        arn = context.cloud.arn("codecommit", name)
        self.tags.update(context, arn, properties.get("Tags"), before.get("Tags"))

    def delete(self, context: Context, physical_id: str, properties: Properties) -> None:
        context.call("codecommit", "DeleteRepository", RepositoryName=properties["RepositoryName"])

    def read_attributes(self, context: Context, physical_id: str, properties: Properties) -> dict[str, Any]:
        name = properties["RepositoryName"]
        repository = context.call("codecommit", "GetRepository", RepositoryName=name)["repositoryMetadata"]
        urls = {"CloneUrlHttp": repository.get("cloneUrlHttp", ""), "CloneUrlSsh": repository.get("cloneUrlSsh", "")}
        return {"Arn": repository["Arn"], "Name": name, **urls}


def _pipeline(name: str, properties: Properties) -> dict[str, Any]:
    pipeline = pick(properties, PIPELINE)
    if "ArtifactStores" in pipeline:
        pipeline["ArtifactStores"] = {each["Region"]: each["ArtifactStore"] for each in pipeline["ArtifactStores"]}
    return {"Name": name, **pipeline}


def _stage_names(properties: Properties) -> set[str]:
    return {stage["Name"] for stage in properties.get("Stages", [])}


RESOURCE_TYPES: list[ResourceType] = [
    Project(),
    ReportGroup(),
    Pipeline(),
    Connection(),
    CodeStarConnection(),
    Repository(),
]
