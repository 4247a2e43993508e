"""What carries code: CodeBuild, CodePipeline, connections to where code is kept, CodeCommit."""

from __future__ import annotations

from typing import Any

from localcloud.services.cloudformation.resource_requests import without
from localcloud.services.cloudformation.resources.resource_type import (
    Failed,
    Kind,
    Place,
    Properties,
    Tagging,
    names,
    only,
)

PROJECT = (
    "Description Source SecondarySources SourceVersion SecondarySourceVersions Artifacts SecondaryArtifacts Cache "
    "Environment ServiceRole TimeoutInMinutes QueuedTimeoutInMinutes EncryptionKey VpcConfig LogsConfig "
    "ConcurrentBuildLimit AutoRetryLimit Tags BadgeEnabled"
)
PIPELINE = "ArtifactStore ArtifactStores ExecutionMode PipelineType RoleArn Stages Triggers Variables"


class Project(Kind):
    type = "AWS::CodeBuild::Project"
    properties = names(f"{PROJECT} Name")
    attributes = names("Arn")

    def create(self, place: Place, properties: Properties) -> str:
        name = properties.get("Name") or place.name(150)
        place.call("codebuild", "CreateProject", properties, Name=name)
        return str(name)

    def update(self, place: Place, physical_id: str, properties: Properties, before: Properties) -> None:
        """What is not said stays as it is, so what is gone is said to be nothing."""
        empty: dict[str, Any] = {"Description": "", "Tags": [], "SecondarySources": [], "SecondaryArtifacts": []}
        empty |= {"Cache": {"Type": "NO_CACHE"}, "VpcConfig": {}, "SourceVersion": "", "BadgeEnabled": False}
        empty |= {
            "TimeoutInMinutes": 60,
            "QueuedTimeoutInMinutes": 480,
            "ConcurrentBuildLimit": -1,
            "AutoRetryLimit": 0,
        }
        empty |= {"LogsConfig": {"CloudWatchLogs": {"Status": "ENABLED"}}, "EncryptionKey": "alias/aws/s3"}
        gone = {name: value for name, value in empty.items() if name in before and name not in properties}
        place.call("codebuild", "UpdateProject", gone, properties, Name=physical_id)

    def delete(self, place: Place, physical_id: str, properties: Properties) -> None:
        place.call("codebuild", "DeleteProject", Name=physical_id)

    def told(self, place: Place, physical_id: str, properties: Properties) -> dict[str, Any]:
        return {"Arn": place.cloud.arn("codebuild", f"project/{physical_id}")}


class ReportGroup(Kind):
    type = "AWS::CodeBuild::ReportGroup"
    properties = names("Name Type ExportConfig DeleteReports Tags")
    attributes = names("Arn")

    def create(self, place: Place, properties: Properties) -> str:
        name = properties.get("Name") or place.name(128)
        answer = place.call("codebuild", "CreateReportGroup", without(properties, "DeleteReports"), Name=name)
        return str(answer["reportGroup"]["arn"])

    def update(self, place: Place, physical_id: str, properties: Properties, before: Properties) -> None:
        told = {"Tags": [], "ExportConfig": properties["ExportConfig"]} | only(properties, "Tags")
        place.call("codebuild", "UpdateReportGroup", told, Arn=physical_id)

    def delete(self, place: Place, physical_id: str, properties: Properties) -> None:
        place.call("codebuild", "DeleteReportGroup", only(properties, "DeleteReports"), Arn=physical_id)

    def told(self, place: Place, physical_id: str, properties: Properties) -> dict[str, Any]:
        return {"Arn": physical_id}


class Pipeline(Kind):
    type = "AWS::CodePipeline::Pipeline"
    properties = names(f"{PIPELINE} Name DisableInboundStageTransitions RestartExecutionOnUpdate Tags")
    attributes = names("Version Arn")
    tags = Tagging("codepipeline", "TagResource", "UntagResource", "ResourceArn")

    def create(self, place: Place, properties: Properties) -> str:
        name = properties.get("Name") or place.name(100)
        told = only(properties, "Tags")
        place.call("codepipeline", "CreatePipeline", told, Pipeline=_pipeline(name, properties))
        place.physical_id = name
        self._close(place, name, properties, {})
        return str(name)

    def update(self, place: Place, physical_id: str, properties: Properties, before: Properties) -> None:
        if only(properties, PIPELINE) != only(before, PIPELINE):
            place.call("codepipeline", "UpdatePipeline", Pipeline=_pipeline(physical_id, properties))
            if properties.get("RestartExecutionOnUpdate"):
                place.call("codepipeline", "StartPipelineExecution", Name=physical_id)
        self._close(place, physical_id, properties, before)
        arn = place.cloud.arn("codepipeline", physical_id)
        self.tags.update(place, arn, properties.get("Tags"), before.get("Tags"))

    def _close(self, place: Place, name: str, properties: Properties, before: Properties) -> None:
        key = "DisableInboundStageTransitions"
        closed, were = properties.get(key, []), before.get(key, [])
        stages = {"PipelineName": name, "TransitionType": "Inbound"}
        for each in (each for each in closed if each not in were):
            place.call("codepipeline", "DisableStageTransition", stages, each)
        kept = {each["StageName"] for each in closed} | {
            old["Name"] for old in before.get("Stages", []) if old["Name"] not in _stages(properties)
        }
        for each in (each for each in were if each["StageName"] not in kept):
            place.call("codepipeline", "EnableStageTransition", stages, StageName=each["StageName"])

    def delete(self, place: Place, physical_id: str, properties: Properties) -> None:
        place.call("codepipeline", "DeletePipeline", Name=physical_id)

    def told(self, place: Place, physical_id: str, properties: Properties) -> dict[str, Any]:
        found = place.call("codepipeline", "GetPipeline", Name=physical_id)["pipeline"]
        return {"Version": str(found["version"]), "Arn": place.cloud.arn("codepipeline", physical_id)}


class Connection(Kind):
    """The same under its name of today and under its first one."""

    properties = names("ConnectionName ProviderType HostArn Tags")
    attributes = names("ConnectionArn ConnectionStatus OwnerAccountId")

    def __init__(self, type_name: str, service: str) -> None:
        self.type, self.service = type_name, service  # type: ignore[misc]
        self.tags = Tagging(service, "TagResource", "UntagResource", "ResourceArn")

    def create(self, place: Place, properties: Properties) -> str:
        return str(place.call(self.service, "CreateConnection", properties)["ConnectionArn"])

    def update(self, place: Place, physical_id: str, properties: Properties, before: Properties) -> None:
        self.tags.update(place, physical_id, properties.get("Tags"), before.get("Tags"))

    def delete(self, place: Place, physical_id: str, properties: Properties) -> None:
        place.call(self.service, "DeleteConnection", ConnectionArn=physical_id)

    def told(self, place: Place, physical_id: str, properties: Properties) -> dict[str, Any]:
        found = place.call(self.service, "GetConnection", ConnectionArn=physical_id)["Connection"]
        return only(found, "ConnectionArn ConnectionStatus OwnerAccountId")


class Repository(Kind):
    type = "AWS::CodeCommit::Repository"
    properties = names("RepositoryName RepositoryDescription KmsKeyId Tags")
    attributes = names("Arn CloneUrlHttp CloneUrlSsh Name")
    tags = Tagging("codecommit", "TagResource", "UntagResource", "ResourceArn")

    def create(self, place: Place, properties: Properties) -> str:
        answer = place.call("codecommit", "CreateRepository", properties)["repositoryMetadata"]
        return str(answer["repositoryId"])

    def update(self, place: Place, physical_id: str, properties: Properties, before: Properties) -> None:
        name, was = properties["RepositoryName"], before["RepositoryName"]
        if name != was:
            place.call("codecommit", "UpdateRepositoryName", OldName=was, NewName=name)
        said = properties.get("RepositoryDescription", "")
        if said != before.get("RepositoryDescription", ""):
            told = {"RepositoryName": name, "RepositoryDescription": said}
            place.call("codecommit", "UpdateRepositoryDescription", told)
        if properties.get("KmsKeyId") != before.get("KmsKeyId"):
            if "KmsKeyId" not in properties:
                raise Failed("KmsKeyId of a repository can be changed, not removed")
            place.call("codecommit", "UpdateRepositoryEncryptionKey", only(properties, "RepositoryName KmsKeyId"))
        arn = place.cloud.arn("codecommit", name)
        self.tags.update(place, arn, properties.get("Tags"), before.get("Tags"))

    def delete(self, place: Place, physical_id: str, properties: Properties) -> None:
        place.call("codecommit", "DeleteRepository", RepositoryName=properties["RepositoryName"])

    def told(self, place: Place, physical_id: str, properties: Properties) -> dict[str, Any]:
        name = properties["RepositoryName"]
        found = place.call("codecommit", "GetRepository", RepositoryName=name)["repositoryMetadata"]
        urls = {"CloneUrlHttp": found.get("cloneUrlHttp", ""), "CloneUrlSsh": found.get("cloneUrlSsh", "")}
        return {"Arn": found["Arn"], "Name": name, **urls}


def _pipeline(name: str, properties: Properties) -> dict[str, Any]:
    told = only(properties, PIPELINE)
    if "ArtifactStores" in told:
        told["ArtifactStores"] = {each["Region"]: each["ArtifactStore"] for each in told["ArtifactStores"]}
    return {"Name": name, **told}


def _stages(properties: Properties) -> set[str]:
    return {stage["Name"] for stage in properties.get("Stages", [])}


KINDS: list[Kind] = [
    Project(),
    ReportGroup(),
    Pipeline(),
    Connection("AWS::CodeConnections::Connection", "codeconnections"),
    Connection("AWS::CodeStarConnections::Connection", "codestar-connections"),
    Repository(),
]
