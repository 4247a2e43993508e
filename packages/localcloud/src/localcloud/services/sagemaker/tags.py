"""Tags of every resource of this service, and their operations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from localcloud.core import tags
from localcloud.core.paging import paged
from localcloud.core.service import Part, operation
from localcloud.services.sagemaker.refusals import invalid


class Tags(Part):
    """A part that creates a resource calls ``put`` with or without tags, and ``delete`` when it deletes it."""

    def __init__(self) -> None:
        self._tags: dict[str, dict[str, str]] = {}  # by the resource's ARN

    def reset(self) -> None:
        self._tags.clear()

    def put(self, arn: str, new: Iterable[Mapping[str, str]] | None) -> None:
        self._tags[arn] = tags.as_dict(new)

    def delete(self, arn: str) -> None:
        self._tags.pop(arn, None)

    def of(self, arn: str) -> dict[str, str]:
        return dict(self._tags.get(arn, {}))

    @operation("AddTags")
    def add_tags(self, request: dict[str, Any]) -> dict[str, Any]:
        existing = self._find(request["ResourceArn"])
        existing.update(tags.checked(tags.as_dict(request["Tags"]), existing))
        return {"Tags": tags.as_list(existing)}

    @operation("ListTags")
    def list_tags(self, request: dict[str, Any]) -> dict[str, Any]:
        return paged(tags.as_list(self._find(request["ResourceArn"])), request, "Tags", limit=tags.LIMIT)

    @operation("DeleteTags")
    def delete_tags(self, request: dict[str, Any]) -> None:
        existing = self._find(request["ResourceArn"])
        for key in request["TagKeys"]:
            existing.pop(key, None)

    def _find(self, arn: str) -> dict[str, str]:
        if arn not in self._tags:
            raise invalid(f"The resource {arn} does not exist.")
        return self._tags[arn]
