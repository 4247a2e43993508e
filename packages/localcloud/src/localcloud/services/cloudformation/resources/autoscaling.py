"""AWS::ApplicationAutoScaling::ScalableTarget and AWS::ApplicationAutoScaling::ScalingPolicy."""

from __future__ import annotations

from typing import Any

from localcloud.services.cloudformation.resources.resource_type import Kind, Place, Properties, Tagging, names, only

SERVICE = "application-autoscaling"
IDENTITY = "ServiceNamespace ScalableDimension ResourceId"
POLICY = "PolicyType StepScalingPolicyConfiguration TargetTrackingScalingPolicyConfiguration"


class ScalableTarget(Kind):
    """Ref is the resource, the dimension and the namespace, as scaling policies want it."""

    type = "AWS::ApplicationAutoScaling::ScalableTarget"
    properties = names(f"{IDENTITY} MinCapacity MaxCapacity RoleARN SuspendedState ScheduledActions Tags")
    attributes = names("Id")
    tags = Tagging(SERVICE, "TagResource", "UntagResource", "ResourceARN")

    def create(self, place: Place, properties: Properties) -> str:
        told = only(properties, f"{IDENTITY} MinCapacity MaxCapacity RoleARN SuspendedState Tags")
        place.notes["arn"] = place.call(SERVICE, "RegisterScalableTarget", told).get("ScalableTargetARN", "")
        place.physical_id = "|".join(properties[name] for name in reversed(IDENTITY.split()))
        self._plan(place, properties, {})
        return place.physical_id

    def update(self, place: Place, physical_id: str, properties: Properties, before: Properties) -> None:
        told = only(properties, f"{IDENTITY} MinCapacity MaxCapacity RoleARN SuspendedState")
        place.call(SERVICE, "RegisterScalableTarget", told)
        self._plan(place, properties, before)
        self.tags.update(place, place.notes["arn"], properties.get("Tags"), before.get("Tags"))

    def _plan(self, place: Place, properties: Properties, before: Properties) -> None:
        actions, were = properties.get("ScheduledActions", []), before.get("ScheduledActions", [])
        kept = {each["ScheduledActionName"] for each in actions}
        for name in (each["ScheduledActionName"] for each in were if each["ScheduledActionName"] not in kept):
            place.call(SERVICE, "DeleteScheduledAction", only(properties, IDENTITY), ScheduledActionName=name)
        for each in (each for each in actions if each not in were):
            place.call(SERVICE, "PutScheduledAction", only(properties, IDENTITY), each)

    def delete(self, place: Place, physical_id: str, properties: Properties) -> None:
        place.call(SERVICE, "DeregisterScalableTarget", only(properties, IDENTITY))

    def told(self, place: Place, physical_id: str, properties: Properties) -> dict[str, Any]:
        return {"Id": physical_id}


class ScalingPolicy(Kind):
    type = "AWS::ApplicationAutoScaling::ScalingPolicy"
    properties = names(f"{IDENTITY} {POLICY} PolicyName ScalingTargetId")
    attributes = names("Arn")

    def create(self, place: Place, properties: Properties) -> str:
        told = only(properties, f"{POLICY} PolicyName")
        return str(place.call(SERVICE, "PutScalingPolicy", told, _target(properties))["PolicyARN"])

    def update(self, place: Place, physical_id: str, properties: Properties, before: Properties) -> None:
        self.create(place, properties)

    def delete(self, place: Place, physical_id: str, properties: Properties) -> None:
        place.call(SERVICE, "DeleteScalingPolicy", only(properties, "PolicyName"), _target(properties))

    def told(self, place: Place, physical_id: str, properties: Properties) -> dict[str, Any]:
        return {"Arn": physical_id}


def _target(properties: Properties) -> dict[str, Any]:
    if "ScalingTargetId" not in properties:
        return only(properties, IDENTITY)
    resource, dimension, namespace = properties["ScalingTargetId"].split("|")
    return {"ResourceId": resource, "ScalableDimension": dimension, "ServiceNamespace": namespace}


KINDS: list[Kind] = [ScalableTarget(), ScalingPolicy()]
