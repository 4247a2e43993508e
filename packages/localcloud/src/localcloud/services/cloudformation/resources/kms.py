"""AWS::KMS::Key and AWS::KMS::Alias."""

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

TAGS = Tagging("kms", "TagResource", "UntagResource", "KeyId")
FIXED = "KeySpec KeyUsage MultiRegion Origin"


class Key(ResourceType):
    type = "AWS::KMS::Key"
    properties = names(
        f"{FIXED} Description Enabled EnableKeyRotation RotationPeriodInDays KeyPolicy PendingWindowInDays Tags "
        "BypassPolicyLockoutSafetyCheck"
    )
    attributes = names("Arn KeyId")

    def create(self, context: Context, properties: Properties) -> str:
        policy = {"Policy": properties["KeyPolicy"]} if "KeyPolicy" in properties else {}
        request = pick(properties, f"{FIXED} Description BypassPolicyLockoutSafetyCheck Tags")
        key: str = context.call("kms", "CreateKey", request, policy)["KeyMetadata"]["KeyId"]
        context.physical_id = key
        self._update_state(context, key, properties, {})
        return key

    def update(self, context: Context, physical_id: str, properties: Properties, before: Properties) -> None:
        if changed := [name for name in FIXED.split() if properties.get(name) != before.get(name)]:
            raise HandlerError(f"{', '.join(changed)} of a key cannot be changed")
        description = properties.get("Description", "")
        if description != before.get("Description", ""):
            context.call("kms", "UpdateKeyDescription", KeyId=physical_id, Description=description)
        if "KeyPolicy" in properties and properties["KeyPolicy"] != before.get("KeyPolicy"):
            context.call("kms", "PutKeyPolicy", KeyId=physical_id, PolicyName="default", Policy=properties["KeyPolicy"])
        self._update_state(context, physical_id, properties, before)
        TAGS.update(context, physical_id, properties.get("Tags"), before.get("Tags"))

    def _update_state(self, context: Context, key: str, properties: Properties, before: Properties) -> None:
        enabled, old_enabled = properties.get("Enabled", True), before.get("Enabled", True)
        if enabled and not old_enabled:
            context.call("kms", "EnableKey", KeyId=key)
        rotation = pick(properties, "EnableKeyRotation RotationPeriodInDays")
        if rotation != pick(before, "EnableKeyRotation RotationPeriodInDays"):
            if rotation.get("EnableKeyRotation"):
                context.call("kms", "EnableKeyRotation", pick(rotation, "RotationPeriodInDays"), KeyId=key)
            elif before.get("EnableKeyRotation"):
                context.call("kms", "DisableKeyRotation", KeyId=key)
        if old_enabled and not enabled:
            context.call("kms", "DisableKey", KeyId=key)

    def delete(self, context: Context, physical_id: str, properties: Properties) -> None:
        context.call("kms", "ScheduleKeyDeletion", pick(properties, "PendingWindowInDays"), KeyId=physical_id)

    def read_attributes(self, context: Context, physical_id: str, properties: Properties) -> dict[str, Any]:
        return {"KeyId": physical_id, "Arn": context.cloud.arn("kms", f"key/{physical_id}")}


class Alias(ResourceType):
    type = "AWS::KMS::Alias"
    properties = names("AliasName TargetKeyId")

    def create(self, context: Context, properties: Properties) -> str:
        context.call("kms", "CreateAlias", properties)
        return str(properties["AliasName"])

    def update(self, context: Context, physical_id: str, properties: Properties, before: Properties) -> None:
        context.call("kms", "UpdateAlias", properties)

    def delete(self, context: Context, physical_id: str, properties: Properties) -> None:
        context.call("kms", "DeleteAlias", AliasName=physical_id)


RESOURCE_TYPES: list[ResourceType] = [Key(), Alias()]
