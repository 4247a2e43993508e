"""Schedule groups and their tags."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from localcloud.core.paging import paged
from localcloud.core.refusal import Refusal
from localcloud.core.service import Service, operation
from localcloud.core.tokens import Tokens
from localcloud.services.scheduler.records import Schedule

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

DEFAULT = "default"
PAGE, MOST_GROUPS, MOST_TAGS = 100, 500, 200


@dataclass
class Group:
    name: str
    arn: str
    created: datetime
    modified: datetime
    tags: dict[str, str] = field(default_factory=dict)
    schedules: dict[str, Schedule] = field(default_factory=dict)

    def told(self) -> dict[str, Any]:
        times = {"CreationDate": self.created, "LastModificationDate": self.modified}
        return {"Arn": self.arn, "Name": self.name, "State": "ACTIVE", **times}


class Groups(Service):
    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self.tokens = Tokens(cloud.clock)
        self.groups = {DEFAULT: self._new_group(DEFAULT)}

    def reset(self) -> None:
        for group in self.groups.values():
            for schedule in group.schedules.values():
                schedule.stop()
        self.tokens.clear()
        self.groups = {DEFAULT: self._new_group(DEFAULT)}
        super().reset()

    @abstractmethod
    def forget(self, group: Group, schedule: Schedule) -> None:
        """It is deleted."""

    def find_group(self, name: str) -> Group:
        if name not in self.groups:
            raise absent(f"Schedule group {name} does not exist.")
        return self.groups[name]

    @operation("CreateScheduleGroup")
    def create_schedule_group(self, request: dict[str, Any]) -> dict[str, Any]:
        asked = with_token(request)
        if asked and (known := self.tokens.answer("CreateScheduleGroup", asked)):
            return known
        name = request["Name"]
        if name in self.groups:
            raise Refusal("ConflictException", f"Schedule group {name} already exists.", 409)
        if len(self.groups) >= MOST_GROUPS:
            sentence = f"An account has at most {MOST_GROUPS} schedule groups."
            raise Refusal("ServiceQuotaExceededException", sentence, 402)
        group = self._new_group(name)
        group.tags = {tag["Key"]: tag["Value"] for tag in request.get("Tags", ())}
        self.groups[name] = group
        answer = {"ScheduleGroupArn": group.arn}
        return self.tokens.remember("CreateScheduleGroup", asked, answer) if asked else answer

    @operation("GetScheduleGroup")
    def get_schedule_group(self, request: dict[str, Any]) -> dict[str, Any]:
        return self.find_group(request["Name"]).told()

    @operation("ListScheduleGroups")
    def list_schedule_groups(self, request: dict[str, Any]) -> dict[str, Any]:
        prefix = request.get("NamePrefix", "")
        found = [group.told() for name, group in sorted(self.groups.items()) if name.startswith(prefix)]
        return paged(found, request, "ScheduleGroups", limit=PAGE)

    @operation("DeleteScheduleGroup")
    def delete_schedule_group(self, request: dict[str, Any]) -> None:
        """With its schedules. AWS takes a while for it (DELETING); here they are gone at once."""
        group = self.find_group(request["Name"])
        if group.name == DEFAULT:
            raise Refusal("ValidationException", "The default schedule group cannot be deleted.")
        for schedule in list(group.schedules.values()):
            self.forget(group, schedule)
        del self.groups[group.name]

    @operation("TagResource")
    def tag_resource(self, request: dict[str, Any]) -> None:
        tags = self._tags_of(request)
        new = {tag["Key"]: tag["Value"] for tag in request["Tags"]}
        if len(tags | new) > MOST_TAGS:
            raise Refusal("ValidationException", f"A schedule group has at most {MOST_TAGS} tags.")
        tags.update(new)

    @operation("UntagResource")
    def untag_resource(self, request: dict[str, Any]) -> None:
        tags = self._tags_of(request)
        for key in request["TagKeys"]:
            tags.pop(key, None)

    @operation("ListTagsForResource")
    def list_tags_for_resource(self, request: dict[str, Any]) -> dict[str, Any]:
        return {"Tags": [{"Key": key, "Value": value} for key, value in self._tags_of(request).items()]}

    def _tags_of(self, request: dict[str, Any]) -> dict[str, str]:
        arn = request["ResourceArn"]
        for group in self.groups.values():
            if group.arn == arn:
                return group.tags
        raise absent(f"The resource {arn} does not exist.")

    def _new_group(self, name: str) -> Group:
        now = self.cloud.clock.now()
        return Group(name, self.cloud.arn("scheduler", f"schedule-group/{name}"), now, now)


def absent(sentence: str) -> Refusal:
    return Refusal("ResourceNotFoundException", sentence, 404)


def with_token(request: dict[str, Any]) -> dict[str, Any]:
    """As the register of tokens reads it; empty without one."""
    token = request.get("ClientToken")
    return {**request, "ClientRequestToken": token} if token else {}
