"""AWS::Scheduler::Schedule and AWS::Scheduler::ScheduleGroup."""

from __future__ import annotations

from typing import Any

from localcloud.services.cloudformation.resource_requests import omit
from localcloud.services.cloudformation.resources.resource_type import (
    Context,
    HandlerError,
    Properties,
    ResourceType,
    Tagging,
    names,
    pick,
)

SCHEDULE = (
    "GroupName Description ScheduleExpression ScheduleExpressionTimezone StartDate EndDate FlexibleTimeWindow "
    "KmsKeyArn State Target"
)


class Schedule(ResourceType):
    type = "AWS::Scheduler::Schedule"
    properties = names(f"{SCHEDULE} Name")
    attributes = names("Arn")

    def create(self, context: Context, properties: Properties) -> str:
        name = properties.get("Name") or context.generate_name(64)
        context.call("scheduler", "CreateSchedule", pick(properties, SCHEDULE), Name=name)
        return str(name)

    def update(self, context: Context, physical_id: str, properties: Properties, before: Properties) -> None:
        if properties.get("GroupName") != before.get("GroupName"):
            raise HandlerError("a schedule cannot move to another group: give it another name as well")
        context.call("scheduler", "UpdateSchedule", pick(properties, SCHEDULE), Name=physical_id)

    def delete(self, context: Context, physical_id: str, properties: Properties) -> None:
        context.call("scheduler", "DeleteSchedule", pick(properties, "GroupName"), Name=physical_id)

    def read_attributes(self, context: Context, physical_id: str, properties: Properties) -> dict[str, Any]:
        group = properties.get("GroupName", "default")
        return {"Arn": context.cloud.arn("scheduler", f"schedule/{group}/{physical_id}")}


class ScheduleGroup(ResourceType):
    type = "AWS::Scheduler::ScheduleGroup"
    properties = names("Name Tags")
    attributes = names("Arn")
    tags = Tagging("scheduler", "TagResource", "UntagResource", "ResourceArn")

    def create(self, context: Context, properties: Properties) -> str:
        name = properties.get("Name") or context.generate_name(64)
        context.call("scheduler", "CreateScheduleGroup", omit(properties, "Name"), Name=name)
        return str(name)

    def update(self, context: Context, physical_id: str, properties: Properties, before: Properties) -> None:
        arn = self.read_attributes(context, physical_id, properties)["Arn"]
        self.tags.update(context, arn, properties.get("Tags"), before.get("Tags"))

    def delete(self, context: Context, physical_id: str, properties: Properties) -> None:
        context.call("scheduler", "DeleteScheduleGroup", Name=physical_id)

    def read_attributes(self, context: Context, physical_id: str, properties: Properties) -> dict[str, Any]:
        return {"Arn": context.cloud.arn("scheduler", f"schedule-group/{physical_id}")}


RESOURCE_TYPES: list[ResourceType] = [Schedule(), ScheduleGroup()]
