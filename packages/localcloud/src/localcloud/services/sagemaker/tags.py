"""Tags of every resource of this service that was created with ``Part.tag``."""

from __future__ import annotations

from typing import Any

from localcloud.core.paging import paged
from localcloud.core.refusal import Refusal
from localcloud.core.service import operation
from localcloud.services.sagemaker.part import Part

MOST = 50
RESERVED = "aws:"


class Tags(Part):
    @operation("AddTags")
    def add_tags(self, request: dict[str, Any]) -> dict[str, Any]:
        tags = self._tags_of(request["ResourceArn"])
        new = {tag["Key"]: tag["Value"] for tag in request["Tags"]}
        if any(key.lower().startswith(RESERVED) for key in new):
            raise Refusal("ValidationException", "aws: prefixed tag key names are not allowed for external use.")
        if len(tags | new) > MOST:
            raise Refusal("ValidationException", f"A resource has at most {MOST} tags; this one would have more.")
        tags.update(new)
        return {"Tags": _listed(tags)}

    @operation("ListTags")
    def list_tags(self, request: dict[str, Any]) -> dict[str, Any]:
        return paged(_listed(self._tags_of(request["ResourceArn"])), request, "Tags", limit=MOST)

    @operation("DeleteTags")
    def delete_tags(self, request: dict[str, Any]) -> None:
        tags = self._tags_of(request["ResourceArn"])
        for key in request["TagKeys"]:
            tags.pop(key, None)

    def _tags_of(self, arn: str) -> dict[str, str]:
        if arn not in self._tags:
            raise Refusal("ValidationException", f"The resource {arn} does not exist.")
        return self._tags[arn]


def _listed(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]
