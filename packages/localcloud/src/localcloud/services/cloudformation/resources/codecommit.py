"""AWS::CodeCommit::Repository."""

from __future__ import annotations

from typing import Any

from localcloud.services.cloudformation.resources.resource_type import (
    Context,
    HandlerError,
    Properties,
    ResourceType,
    Tagging,
    names,
    pick,
)


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


RESOURCE_TYPES: list[ResourceType] = [Repository()]
