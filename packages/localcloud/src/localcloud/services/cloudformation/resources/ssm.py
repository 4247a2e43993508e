"""AWS::SSM::Parameter."""

from __future__ import annotations

from typing import Any

from localcloud.services.cloudformation.resource_requests import omit
from localcloud.services.cloudformation.resources.resource_type import Context, Properties, ResourceType, Tagging, names

TAGS = Tagging("ssm", "AddTagsToResource", "RemoveTagsFromResource", "ResourceId")


class Parameter(ResourceType):
    type = "AWS::SSM::Parameter"
    properties = names("Name Type Value Description Tier AllowedPattern Policies DataType Tags")
    attributes = names("Type Value")

    def create(self, context: Context, properties: Properties) -> str:
        name = properties.get("Name") or f"CFN-{context.generate_name(1000)}"
        context.call("ssm", "PutParameter", properties, Name=name)
        return str(name)

    def update(self, context: Context, physical_id: str, properties: Properties, before: Properties) -> None:
        context.call("ssm", "PutParameter", omit(properties, "Tags"), Name=physical_id, Overwrite=True)
        tags, old_tags = properties.get("Tags"), before.get("Tags")
        TAGS.update(context, physical_id, tags, old_tags, ResourceType="Parameter")

    def delete(self, context: Context, physical_id: str, properties: Properties) -> None:
        context.call("ssm", "DeleteParameter", Name=physical_id)

    def read_attributes(self, context: Context, physical_id: str, properties: Properties) -> dict[str, Any]:
        return {"Type": properties["Type"], "Value": properties["Value"]}


RESOURCE_TYPES: list[ResourceType] = [Parameter()]
