"""AWS::ApplicationAutoScaling::ScalableTarget and AWS::ApplicationAutoScaling::ScalingPolicy."""

from __future__ import annotations

from typing import Any

from localcloud.services.cloudformation.resources.resource_type import (
    Context,
    Properties,
    ResourceType,
    Tagging,
    names,
    pick,
)

SERVICE = "application-autoscaling"
IDENTITY = "ServiceNamespace ScalableDimension ResourceId"
POLICY = "PolicyType StepScalingPolicyConfiguration TargetTrackingScalingPolicyConfiguration"


class ScalableTarget(ResourceType):
    """Ref is the resource, the dimension and the namespace, as scaling policies take it."""

    type = "AWS::ApplicationAutoScaling::ScalableTarget"
    properties = names(f"{IDENTITY} MinCapacity MaxCapacity RoleARN SuspendedState ScheduledActions Tags")
    attributes = names("Id")
    tags = Tagging(SERVICE, "TagResource", "UntagResource", "ResourceARN")

    def create(self, context: Context, properties: Properties) -> str:
        request = pick(properties, f"{IDENTITY} MinCapacity MaxCapacity RoleARN SuspendedState Tags")
        context.notes["arn"] = context.call(SERVICE, "RegisterScalableTarget", request).get("ScalableTargetARN", "")
        context.physical_id = "|".join(properties[name] for name in reversed(IDENTITY.split()))
        self._put_scheduled_actions(context, properties, {})
        return context.physical_id

    def update(self, context: Context, physical_id: str, properties: Properties, before: Properties) -> None:
        request = pick(properties, f"{IDENTITY} MinCapacity MaxCapacity RoleARN SuspendedState")
        context.call(SERVICE, "RegisterScalableTarget", request)
        self._put_scheduled_actions(context, properties, before)
        self.tags.update(context, context.notes["arn"], properties.get("Tags"), before.get("Tags"))

    def _put_scheduled_actions(self, context: Context, properties: Properties, before: Properties) -> None:
        actions, old_actions = properties.get("ScheduledActions", []), before.get("ScheduledActions", [])
        current = [action["ScheduledActionName"] for action in actions]
        for name in (action["ScheduledActionName"] for action in old_actions):
            if name not in current:
                context.call(SERVICE, "DeleteScheduledAction", pick(properties, IDENTITY), ScheduledActionName=name)
        for action in actions:
            if action not in old_actions:
                context.call(SERVICE, "PutScheduledAction", pick(properties, IDENTITY), action)

    def delete(self, context: Context, physical_id: str, properties: Properties) -> None:
        context.call(SERVICE, "DeregisterScalableTarget", pick(properties, IDENTITY))

    def read_attributes(self, context: Context, physical_id: str, properties: Properties) -> dict[str, Any]:
        return {"Id": physical_id}


class ScalingPolicy(ResourceType):
    type = "AWS::ApplicationAutoScaling::ScalingPolicy"
    properties = names(f"{IDENTITY} {POLICY} PolicyName ScalingTargetId")
    attributes = names("Arn")

    def create(self, context: Context, properties: Properties) -> str:
        request = pick(properties, f"{POLICY} PolicyName")
        return str(context.call(SERVICE, "PutScalingPolicy", request, _target(properties))["PolicyARN"])

    def update(self, context: Context, physical_id: str, properties: Properties, before: Properties) -> None:
        self.create(context, properties)

    def delete(self, context: Context, physical_id: str, properties: Properties) -> None:
        context.call(SERVICE, "DeleteScalingPolicy", pick(properties, "PolicyName"), _target(properties))

    def read_attributes(self, context: Context, physical_id: str, properties: Properties) -> dict[str, Any]:
        return {"Arn": physical_id}


def _target(properties: Properties) -> dict[str, Any]:
    if "ScalingTargetId" not in properties:
        return pick(properties, IDENTITY)
    resource, dimension, namespace = properties["ScalingTargetId"].split("|")
    return {"ResourceId": resource, "ScalableDimension": dimension, "ServiceNamespace": namespace}


RESOURCE_TYPES: list[ResourceType] = [ScalableTarget(), ScalingPolicy()]
