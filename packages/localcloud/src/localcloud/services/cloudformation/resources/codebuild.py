"""AWS::CodeBuild::Project and AWS::CodeBuild::ReportGroup."""

from __future__ import annotations

from typing import Any

from localcloud.services.cloudformation.resource_requests import omit
from localcloud.services.cloudformation.resources.resource_type import (
    Context,
    Properties,
    ResourceType,
    names,
    pick,
)

PROJECT = (
    "Description Source SecondarySources SourceVersion SecondarySourceVersions Artifacts SecondaryArtifacts Cache "
    "Environment ServiceRole TimeoutInMinutes QueuedTimeoutInMinutes EncryptionKey VpcConfig LogsConfig "
    "ConcurrentBuildLimit AutoRetryLimit Tags BadgeEnabled"
)


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


RESOURCE_TYPES: list[ResourceType] = [Project(), ReportGroup()]
