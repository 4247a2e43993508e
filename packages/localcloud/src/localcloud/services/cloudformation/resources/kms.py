"""AWS::KMS::Key and AWS::KMS::Alias."""

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

TAGS = Tagging("kms", "TagResource", "UntagResource", "KeyId")
FIXED = "KeySpec KeyUsage MultiRegion Origin"


class Key(Kind):
    type = "AWS::KMS::Key"
    properties = names(
        f"{FIXED} Description Enabled EnableKeyRotation RotationPeriodInDays KeyPolicy PendingWindowInDays Tags "
        "BypassPolicyLockoutSafetyCheck"
    )
    attributes = names("Arn KeyId")

    def create(self, place: Place, properties: Properties) -> str:
        policy = {"Policy": properties["KeyPolicy"]} if "KeyPolicy" in properties else {}
        told = only(properties, f"{FIXED} Description BypassPolicyLockoutSafetyCheck Tags")
        key: str = place.call("kms", "CreateKey", told, policy)["KeyMetadata"]["KeyId"]
        place.physical_id = key
        self._switch(place, key, properties, {})
        return key

    def update(self, place: Place, physical_id: str, properties: Properties, before: Properties) -> None:
        if changed := [name for name in FIXED.split() if properties.get(name) != before.get(name)]:
            raise Failed(f"{', '.join(changed)} of a key cannot be changed")
        if properties.get("Description", "") != before.get("Description", ""):
            place.call("kms", "UpdateKeyDescription", KeyId=physical_id, Description=properties.get("Description", ""))
        if "KeyPolicy" in properties and properties["KeyPolicy"] != before.get("KeyPolicy"):
            place.call("kms", "PutKeyPolicy", KeyId=physical_id, PolicyName="default", Policy=properties["KeyPolicy"])
        self._switch(place, physical_id, properties, before)
        TAGS.update(place, physical_id, properties.get("Tags"), before.get("Tags"))

    def _switch(self, place: Place, key: str, properties: Properties, before: Properties) -> None:
        on, was = properties.get("Enabled", True), before.get("Enabled", True)
        if on and not was:
            place.call("kms", "EnableKey", KeyId=key)
        rotation = only(properties, "EnableKeyRotation RotationPeriodInDays")
        if rotation != only(before, "EnableKeyRotation RotationPeriodInDays"):
            if rotation.get("EnableKeyRotation"):
                place.call("kms", "EnableKeyRotation", only(rotation, "RotationPeriodInDays"), KeyId=key)
            elif before.get("EnableKeyRotation"):
                place.call("kms", "DisableKeyRotation", KeyId=key)
        if was and not on:
            place.call("kms", "DisableKey", KeyId=key)

    def delete(self, place: Place, physical_id: str, properties: Properties) -> None:
        place.call("kms", "ScheduleKeyDeletion", only(properties, "PendingWindowInDays"), KeyId=physical_id)

    def told(self, place: Place, physical_id: str, properties: Properties) -> dict[str, Any]:
        return {"KeyId": physical_id, "Arn": place.cloud.arn("kms", f"key/{physical_id}")}


class Alias(Kind):
    type = "AWS::KMS::Alias"
    properties = names("AliasName TargetKeyId")

    def create(self, place: Place, properties: Properties) -> str:
        place.call("kms", "CreateAlias", properties)
        return str(properties["AliasName"])

    def update(self, place: Place, physical_id: str, properties: Properties, before: Properties) -> None:
        place.call("kms", "UpdateAlias", properties)

    def delete(self, place: Place, physical_id: str, properties: Properties) -> None:
        place.call("kms", "DeleteAlias", AliasName=physical_id)


KINDS: list[Kind] = [Key(), Alias()]
