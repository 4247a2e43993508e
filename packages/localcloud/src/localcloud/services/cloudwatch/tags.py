"""Tags of alarms and dashboards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from localcloud.core.refusal import Refusal
from localcloud.core.service import Service, operation

MOST = 50
RESERVED = "aws:"
INVALID = "InvalidParameterValue"


def checked_tags(told: Sequence[Mapping[str, str]], to: Mapping[str, str] | None = None) -> dict[str, str]:
    """``to``: the tags that are there already."""
    tags = {tag["Key"]: tag["Value"] for tag in told}
    if any(key.lower().startswith(RESERVED) for key in tags):
        raise Refusal(INVALID, "aws: prefixed tag key names are not allowed for external use.")
    if len(tags | dict(to or {})) > MOST:
        raise Refusal(INVALID, f"A resource has at most {MOST} tags; this one would have more.")
    return tags


class Tags(Service):
    def tags_of(self, arn: str) -> dict[str, str] | None:
        """None: there is no such resource. What has tags overrides it."""
        raise NotImplementedError

    @operation("TagResource")
    def tag_resource(self, request: dict[str, Any]) -> None:
        tags = self._tags(request)
        tags.update(checked_tags(request["Tags"], tags))

    @operation("UntagResource")
    def untag_resource(self, request: dict[str, Any]) -> None:
        tags = self._tags(request)
        for key in request["TagKeys"]:
            tags.pop(key, None)

    @operation("ListTagsForResource")
    def list_tags_for_resource(self, request: dict[str, Any]) -> dict[str, Any]:
        return {"Tags": [{"Key": key, "Value": value} for key, value in self._tags(request).items()]}

    def _tags(self, request: Mapping[str, Any]) -> dict[str, str]:
        tags = self.tags_of(request["ResourceARN"])
        if tags is None:
            raise Refusal("ResourceNotFoundException", f"The resource {request['ResourceARN']} does not exist.", 404)
        return tags
