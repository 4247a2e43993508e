"""Schedule groups."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from localcloud.core import tags
from localcloud.core.clock import Clock
from localcloud.core.paging import paged
from localcloud.core.refusal import Refusal
from localcloud.core.service import Part, operation
from localcloud.core.tokens import Tokens
from localcloud.services.scheduler.records import Group

DEFAULT = "default"
PAGE, MAX_GROUPS, MAX_TAGS = 100, 500, 200


class Groups(Part):
    def __init__(self, clock: Clock, tokens: Tokens, arn: Callable[[str, str], str]) -> None:
        self._clock, self._tokens, self._arn = clock, tokens, arn
        self._groups = {DEFAULT: self._new(DEFAULT)}

    def reset(self) -> None:
        for group in self._groups.values():
            group.stop()
        self._groups = {DEFAULT: self._new(DEFAULT)}

    def find(self, name: str) -> Group:
        if name not in self._groups:
            raise absent(f"Schedule group {name} does not exist.")
        return self._groups[name]

    def all(self) -> list[Group]:
        return [group for _, group in sorted(self._groups.items())]

    def tags_of(self, arn: str) -> dict[str, str]:
        for group in self._groups.values():
            if group.arn == arn:
                return group.tags
        raise absent(f"The resource {arn} does not exist.")

    @operation("CreateScheduleGroup")
    def create_schedule_group(self, request: dict[str, Any]) -> dict[str, Any]:
        return self._tokens.once("CreateScheduleGroup", request, self._create)

    def _create(self, request: dict[str, Any]) -> dict[str, Any]:
        name = request["Name"]
        if name in self._groups:
            raise Refusal("ConflictException", f"Schedule group {name} already exists.", 409)
        if len(self._groups) >= MAX_GROUPS:
            sentence = f"An account has at most {MAX_GROUPS} schedule groups."
            raise Refusal("ServiceQuotaExceededException", sentence, 402)
        group = self._new(name)
        group.tags = tags.as_dict(request.get("Tags"))
        self._groups[name] = group
        return {"ScheduleGroupArn": group.arn}

    @operation("GetScheduleGroup")
    def get_schedule_group(self, request: dict[str, Any]) -> dict[str, Any]:
        return self.find(request["Name"]).describe()

    @operation("ListScheduleGroups")
    def list_schedule_groups(self, request: dict[str, Any]) -> dict[str, Any]:
        prefix = request.get("NamePrefix", "")
        groups = [group.describe() for group in self.all() if group.name.startswith(prefix)]
        return paged(groups, request, "ScheduleGroups", limit=PAGE)

    @operation("DeleteScheduleGroup")
    def delete_schedule_group(self, request: dict[str, Any]) -> None:
        """With its schedules. AWS takes a while for it (DELETING); here they are gone immediately."""
        group = self.find(request["Name"])
        if group.name == DEFAULT:
            raise Refusal("ValidationException", "The default schedule group cannot be deleted.")
        group.stop()
        del self._groups[group.name]

    def _new(self, name: str) -> Group:
        now = self._clock.now()
        return Group(name, self._arn("scheduler", f"schedule-group/{name}"), now, now)


def absent(sentence: str) -> Refusal:
    return Refusal("ResourceNotFoundException", sentence, 404)
