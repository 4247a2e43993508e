"""Tags of buses and rules."""

from __future__ import annotations

from typing import Any

from localcloud.core.refusal import Refusal
from localcloud.core.service import operation
from localcloud.services.events.buses import DEFAULT, Buses

MOST = 50
RESERVED = "aws:"


class Tags(Buses):
    @operation("TagResource")
    def tag_resource(self, request: dict[str, Any]) -> None:
        tags = self._tags_of(request["ResourceARN"])
        new = {tag["Key"]: tag["Value"] for tag in request["Tags"]}
        if any(key.lower().startswith(RESERVED) for key in new):
            raise Refusal("ValidationException", "aws: prefixed tag key names are not allowed for external use.")
        if len(tags | new) > MOST:
            raise Refusal("ValidationException", f"A resource has at most {MOST} tags; this one would have more.")
        tags.update(new)

    @operation("UntagResource")
    def untag_resource(self, request: dict[str, Any]) -> None:
        tags = self._tags_of(request["ResourceARN"])
        for key in request["TagKeys"]:
            tags.pop(key, None)

    @operation("ListTagsForResource")
    def list_tags_for_resource(self, request: dict[str, Any]) -> dict[str, Any]:
        return {"Tags": [{"Key": key, "Value": value} for key, value in self._tags_of(request["ResourceARN"]).items()]}

    def _tags_of(self, arn: str) -> dict[str, str]:
        arns = {bus.arn for bus in self.buses.values()}
        arns |= {rule.arn for bus in self.buses.values() for rule in bus.rules.values()}
        if arn in arns:
            return self.tags.setdefault(arn, {})
        kind, _, name = arn.rpartition(":")[2].partition("/")
        if kind != "rule":
            raise Refusal("ResourceNotFoundException", f"Event bus {name or arn} does not exist.")
        bus, _, rule = name.rpartition("/")
        raise Refusal("ResourceNotFoundException", f"Rule {rule} does not exist on EventBusName {bus or DEFAULT}.")
