"""AWS::CodeConnections::Connection and AWS::CodeStarConnections::Connection."""

from __future__ import annotations

from typing import Any, ClassVar

from localcloud.services.cloudformation.resources.resource_type import (
    Context,
    Properties,
    ResourceType,
    Tagging,
    names,
    pick,
)


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


RESOURCE_TYPES: list[ResourceType] = [Connection(), CodeStarConnection()]
