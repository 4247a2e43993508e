"""TagResource, UntagResource and ListTagsForResource, as most services have them."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from typing import Any

from localcloud.core import tags
from localcloud.core.service import Part, operation

Lookup = Callable[[str], MutableMapping[str, str]]


class TagOperations(Part):
    """``find`` returns the tags of an ARN, to be changed in place, or refuses the ARN.

    Services spell members differently: ``resource_arn`` is the request's member, ``as_map`` is for those that have tags
    as a map rather than a list. The rest are the service's limit and error codes.
    """

    def __init__(
        self,
        find: Lookup,
        *,
        resource_arn: str = "ResourceARN",
        as_map: bool = False,
        limit: int = tags.LIMIT,
        invalid: str = "ValidationException",
        too_many: str = "",
    ) -> None:
        self._find, self._resource_arn, self._as_map = find, resource_arn, as_map
        self._rules: dict[str, Any] = {"limit": limit, "invalid": invalid, "too_many": too_many}

    @operation("TagResource")
    def tag_resource(self, request: dict[str, Any]) -> None:
        existing = self._find(request[self._resource_arn])
        new = request["Tags"] if self._as_map else tags.as_dict(request["Tags"])
        existing.update(tags.checked(new, existing, **self._rules))

    @operation("UntagResource")
    def untag_resource(self, request: dict[str, Any]) -> None:
        existing = self._find(request[self._resource_arn])
        for key in request["TagKeys"]:
            existing.pop(key, None)

    @operation("ListTagsForResource")
    def list_tags_for_resource(self, request: dict[str, Any]) -> dict[str, Any]:
        existing = self._find(request[self._resource_arn])
        return {"Tags": dict(existing) if self._as_map else tags.as_list(existing)}
