"""AWS::Logs::LogGroup."""

from __future__ import annotations

from typing import Any

from localcloud.services.cloudformation.resources.resource_type import (
    Failed,
    Kind,
    Place,
    Properties,
    Tagging,
    names,
    only,
)

TAGS = Tagging("logs", "TagResource", "UntagResource", "ResourceArn")


class LogGroup(Kind):
    type = "AWS::Logs::LogGroup"
    properties = names("LogGroupName RetentionInDays KmsKeyId LogGroupClass Tags")
    attributes = names("Arn")

    def create(self, place: Place, properties: Properties) -> str:
        name = properties.get("LogGroupName") or place.name(512)
        place.call("logs", "CreateLogGroup", only(properties, "KmsKeyId LogGroupClass Tags"), LogGroupName=name)
        place.physical_id = name
        self._keep(place, name, properties, {})
        return str(name)

    def update(self, place: Place, physical_id: str, properties: Properties, before: Properties) -> None:
        if properties.get("LogGroupClass") != before.get("LogGroupClass"):
            raise Failed("LogGroupClass of a log group cannot be changed")
        self._keep(place, physical_id, properties, before)
        key = properties.get("KmsKeyId")
        if key and key != before.get("KmsKeyId"):
            place.call("logs", "AssociateKmsKey", LogGroupName=physical_id, KmsKeyId=key)
        elif "KmsKeyId" in before and not key:
            place.call("logs", "DisassociateKmsKey", LogGroupName=physical_id)
        TAGS.update(place, _arn(place, physical_id), properties.get("Tags"), before.get("Tags"))

    def _keep(self, place: Place, name: str, properties: Properties, before: Properties) -> None:
        days = properties.get("RetentionInDays")
        if days and days != before.get("RetentionInDays"):
            place.call("logs", "PutRetentionPolicy", LogGroupName=name, RetentionInDays=days)
        elif "RetentionInDays" in before and not days:
            place.call("logs", "DeleteRetentionPolicy", LogGroupName=name)

    def delete(self, place: Place, physical_id: str, properties: Properties) -> None:
        place.call("logs", "DeleteLogGroup", LogGroupName=physical_id)

    def told(self, place: Place, physical_id: str, properties: Properties) -> dict[str, Any]:
        return {"Arn": f"{_arn(place, physical_id)}:*"}


def _arn(place: Place, name: str) -> str:
    return place.cloud.arn("logs", f"log-group:{name}")


KINDS: list[Kind] = [LogGroup()]
