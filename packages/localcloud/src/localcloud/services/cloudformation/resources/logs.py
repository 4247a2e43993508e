"""AWS::Logs::LogGroup."""

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

TAGS = Tagging("logs", "TagResource", "UntagResource", "ResourceArn")


class LogGroup(ResourceType):
    type = "AWS::Logs::LogGroup"
    properties = names("LogGroupName RetentionInDays KmsKeyId LogGroupClass Tags")
    attributes = names("Arn")

    def create(self, context: Context, properties: Properties) -> str:
        name = properties.get("LogGroupName") or context.generate_name(512)
        context.call("logs", "CreateLogGroup", pick(properties, "KmsKeyId LogGroupClass Tags"), LogGroupName=name)
        context.physical_id = name
        self._update_retention(context, name, properties, {})
        return str(name)

    def update(self, context: Context, physical_id: str, properties: Properties, before: Properties) -> None:
        if properties.get("LogGroupClass") != before.get("LogGroupClass"):
            raise HandlerError("LogGroupClass of a log group cannot be changed")
        self._update_retention(context, physical_id, properties, before)
        key = properties.get("KmsKeyId")
        if key and key != before.get("KmsKeyId"):
            context.call("logs", "AssociateKmsKey", LogGroupName=physical_id, KmsKeyId=key)
        elif "KmsKeyId" in before and not key:
            context.call("logs", "DisassociateKmsKey", LogGroupName=physical_id)
        TAGS.update(context, _arn(context, physical_id), properties.get("Tags"), before.get("Tags"))

    def _update_retention(self, context: Context, name: str, properties: Properties, before: Properties) -> None:
        days = properties.get("RetentionInDays")
        if days and days != before.get("RetentionInDays"):
            context.call("logs", "PutRetentionPolicy", LogGroupName=name, RetentionInDays=days)
        elif "RetentionInDays" in before and not days:
            context.call("logs", "DeleteRetentionPolicy", LogGroupName=name)

    def delete(self, context: Context, physical_id: str, properties: Properties) -> None:
        context.call("logs", "DeleteLogGroup", LogGroupName=physical_id)

    def read_attributes(self, context: Context, physical_id: str, properties: Properties) -> dict[str, Any]:
        return {"Arn": f"{_arn(context, physical_id)}:*"}


def _arn(context: Context, name: str) -> str:
    return context.cloud.arn("logs", f"log-group:{name}")


RESOURCE_TYPES: list[ResourceType] = [LogGroup()]
