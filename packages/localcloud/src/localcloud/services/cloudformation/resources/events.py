"""AWS::Events::Rule."""

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

RULE = "Description EventPattern ScheduleExpression State RoleArn EventBusName"


class Rule(ResourceType):
    type = "AWS::Events::Rule"
    properties = names(f"{RULE} Name Targets Tags")
    attributes = names("Arn RuleName")
    tags = Tagging("events", "TagResource", "UntagResource", "ResourceARN")

    def create(self, context: Context, properties: Properties) -> str:
        name = properties.get("Name") or context.generate_name(64)
        if context.exists("events", "DescribeRule", **pick(properties, "EventBusName"), Name=name):
            raise HandlerError(f"{name} already exists")
        context.call("events", "PutRule", pick(properties, f"{RULE} Tags"), Name=name)
        context.physical_id = name if _bus(properties) == "default" else f"{_bus(properties)}|{name}"
        self._put_targets(context, name, properties, {})
        return context.physical_id

    def update(self, context: Context, physical_id: str, properties: Properties, before: Properties) -> None:
        name = physical_id.rpartition("|")[2]
        context.call("events", "PutRule", pick(properties, RULE), Name=name)
        self._put_targets(context, name, properties, before)
        arn = self.read_attributes(context, physical_id, properties)["Arn"]
        self.tags.update(context, arn, properties.get("Tags"), before.get("Tags"))

    def _put_targets(self, context: Context, name: str, properties: Properties, before: Properties) -> None:
        targets, bus = properties.get("Targets", []), pick(properties, "EventBusName")
        ids = {target["Id"] for target in targets}
        if removed := [target["Id"] for target in before.get("Targets", []) if target["Id"] not in ids]:
            context.call("events", "RemoveTargets", bus, Rule=name, Ids=removed)
        if targets:
            response = context.call("events", "PutTargets", bus, Rule=name, Targets=targets)
            if failures := response["FailedEntries"]:
                raise HandlerError(f"target {failures[0]['TargetId']}: {failures[0]['ErrorMessage']}")

    def delete(self, context: Context, physical_id: str, properties: Properties) -> None:
        bus, name = pick(properties, "EventBusName"), physical_id.rpartition("|")[2]
        targets = context.call("events", "ListTargetsByRule", bus, Rule=name)["Targets"]
        if targets:
            context.call("events", "RemoveTargets", bus, Rule=name, Ids=[target["Id"] for target in targets])
        context.call("events", "DeleteRule", bus, Name=name)

    def read_attributes(self, context: Context, physical_id: str, properties: Properties) -> dict[str, Any]:
        bus, name = _bus(properties), physical_id.rpartition("|")[2]
        path = f"rule/{name}" if bus == "default" else f"rule/{bus}/{name}"
        return {"Arn": context.cloud.arn("events", path), "RuleName": name}


def _bus(properties: Properties) -> str:
    """The name of the bus, which properties give as a name or an ARN."""
    return str(properties.get("EventBusName", "default")).rpartition("/")[2]


RESOURCE_TYPES: list[ResourceType] = [Rule()]
