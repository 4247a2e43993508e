"""AWS::Events::Rule, AWS::Scheduler::Schedule and AWS::Scheduler::ScheduleGroup."""

from __future__ import annotations

from typing import Any

from localcloud.services.cloudformation.resource_requests import without
from localcloud.services.cloudformation.resources.resource_type import (
    Failed,
    Kind,
    Place,
    Properties,
    Tagging,
    names,
    only,
)

RULE = "Description EventPattern ScheduleExpression State RoleArn EventBusName"
SCHEDULE = (
    "GroupName Description ScheduleExpression ScheduleExpressionTimezone StartDate EndDate FlexibleTimeWindow "
    "KmsKeyArn State Target"
)


class Rule(Kind):
    type = "AWS::Events::Rule"
    properties = names(f"{RULE} Name Targets Tags")
    attributes = names("Arn RuleName")
    tags = Tagging("events", "TagResource", "UntagResource", "ResourceARN")

    def create(self, place: Place, properties: Properties) -> str:
        name = properties.get("Name") or place.name(64)
        found = place.call("events", "ListRules", only(properties, "EventBusName"), NamePrefix=name)["Rules"]
        if name in [each["Name"] for each in found]:
            raise Failed(f"{name} already exists")
        place.call("events", "PutRule", only(properties, f"{RULE} Tags"), Name=name)
        place.physical_id = name if _bus(properties) == "default" else f"{_bus(properties)}|{name}"
        self._aim(place, name, properties, {})
        return place.physical_id

    def update(self, place: Place, physical_id: str, properties: Properties, before: Properties) -> None:
        name = physical_id.rpartition("|")[2]
        place.call("events", "PutRule", only(properties, RULE), Name=name)
        self._aim(place, name, properties, before)
        arn = self.told(place, physical_id, properties)["Arn"]
        self.tags.update(place, arn, properties.get("Tags"), before.get("Tags"))

    def _aim(self, place: Place, name: str, properties: Properties, before: Properties) -> None:
        targets, bus = properties.get("Targets", []), only(properties, "EventBusName")
        kept = {target["Id"] for target in targets}
        if gone := [target["Id"] for target in before.get("Targets", []) if target["Id"] not in kept]:
            place.call("events", "RemoveTargets", bus, Rule=name, Ids=gone)
        if targets:
            answer = place.call("events", "PutTargets", bus, Rule=name, Targets=targets)
            if failed := answer["FailedEntries"]:
                raise Failed(f"target {failed[0]['TargetId']}: {failed[0]['ErrorMessage']}")

    def delete(self, place: Place, physical_id: str, properties: Properties) -> None:
        bus, name = only(properties, "EventBusName"), physical_id.rpartition("|")[2]
        there = place.call("events", "ListTargetsByRule", bus, Rule=name)["Targets"]
        if there:
            place.call("events", "RemoveTargets", bus, Rule=name, Ids=[target["Id"] for target in there])
        place.call("events", "DeleteRule", bus, Name=name)

    def told(self, place: Place, physical_id: str, properties: Properties) -> dict[str, Any]:
        bus, name = _bus(properties), physical_id.rpartition("|")[2]
        path = f"rule/{name}" if bus == "default" else f"rule/{bus}/{name}"
        return {"Arn": place.cloud.arn("events", path), "RuleName": name}


class Schedule(Kind):
    type = "AWS::Scheduler::Schedule"
    properties = names(f"{SCHEDULE} Name")
    attributes = names("Arn")

    def create(self, place: Place, properties: Properties) -> str:
        name = properties.get("Name") or place.name(64)
        place.call("scheduler", "CreateSchedule", only(properties, SCHEDULE), Name=name)
        return str(name)

    def update(self, place: Place, physical_id: str, properties: Properties, before: Properties) -> None:
        if properties.get("GroupName") != before.get("GroupName"):
            raise Failed("a schedule cannot move to another group: give it another name as well")
        place.call("scheduler", "UpdateSchedule", only(properties, SCHEDULE), Name=physical_id)

    def delete(self, place: Place, physical_id: str, properties: Properties) -> None:
        place.call("scheduler", "DeleteSchedule", only(properties, "GroupName"), Name=physical_id)

    def told(self, place: Place, physical_id: str, properties: Properties) -> dict[str, Any]:
        group = properties.get("GroupName", "default")
        return {"Arn": place.cloud.arn("scheduler", f"schedule/{group}/{physical_id}")}


class ScheduleGroup(Kind):
    type = "AWS::Scheduler::ScheduleGroup"
    properties = names("Name Tags")
    attributes = names("Arn")
    tags = Tagging("scheduler", "TagResource", "UntagResource", "ResourceArn")

    def create(self, place: Place, properties: Properties) -> str:
        name = properties.get("Name") or place.name(64)
        place.call("scheduler", "CreateScheduleGroup", without(properties, "Name"), Name=name)
        return str(name)

    def update(self, place: Place, physical_id: str, properties: Properties, before: Properties) -> None:
        arn = self.told(place, physical_id, properties)["Arn"]
        self.tags.update(place, arn, properties.get("Tags"), before.get("Tags"))

    def delete(self, place: Place, physical_id: str, properties: Properties) -> None:
        place.call("scheduler", "DeleteScheduleGroup", Name=physical_id)

    def told(self, place: Place, physical_id: str, properties: Properties) -> dict[str, Any]:
        return {"Arn": place.cloud.arn("scheduler", f"schedule-group/{physical_id}")}


def _bus(properties: Properties) -> str:
    """By name or ARN."""
    return str(properties.get("EventBusName", "default")).rpartition("/")[2]


KINDS: list[Kind] = [Rule(), Schedule(), ScheduleGroup()]
