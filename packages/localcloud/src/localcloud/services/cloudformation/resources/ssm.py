"""AWS::SSM::Parameter."""

from __future__ import annotations

from typing import Any

from localcloud.services.cloudformation.resource_requests import without
from localcloud.services.cloudformation.resources.resource_type import Kind, Place, Properties, Tagging, names

TAGS = Tagging("ssm", "AddTagsToResource", "RemoveTagsFromResource", "ResourceId")


class Parameter(Kind):
    type = "AWS::SSM::Parameter"
    properties = names("Name Type Value Description Tier AllowedPattern Policies DataType Tags")
    attributes = names("Type Value")

    def create(self, place: Place, properties: Properties) -> str:
        name = properties.get("Name") or f"CFN-{place.name(1000)}"
        place.call("ssm", "PutParameter", properties, Name=name)
        return str(name)

    def update(self, place: Place, physical_id: str, properties: Properties, before: Properties) -> None:
        place.call("ssm", "PutParameter", without(properties, "Tags"), Name=physical_id, Overwrite=True)
        tags, were = properties.get("Tags"), before.get("Tags")
        TAGS.update(place, physical_id, tags, were, ResourceType="Parameter")

    def delete(self, place: Place, physical_id: str, properties: Properties) -> None:
        place.call("ssm", "DeleteParameter", Name=physical_id)

    def told(self, place: Place, physical_id: str, properties: Properties) -> dict[str, Any]:
        return {"Type": properties["Type"], "Value": properties["Value"]}


KINDS: list[Kind] = [Parameter()]
