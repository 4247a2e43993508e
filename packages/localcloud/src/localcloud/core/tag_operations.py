"""TagResource, UntagResource and ListTagsForResource, as most services have them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping
from typing import Any, NamedTuple

from localcloud.core import tags
from localcloud.core.paging import paged
from localcloud.core.service import Part, operation

Lookup = Callable[[str], MutableMapping[str, str]]


class Spelling(NamedTuple):
    """The names of members, which differ by service."""

    arn: str = "ResourceARN"
    tags: str = "Tags"
    keys: str = "TagKeys"
    key: str = "Key"
    value: str = "Value"


CAPITALIZED = Spelling()
CAMEL_CASE = Spelling("resourceArn", "tags", "tagKeys", "key", "value")


class TagOperations(Part):
    """``find`` returns the tags of an ARN, to be changed in place, or refuses the ARN.

    ``as_map`` is for services that have tags as a map rather than a list, ``paging`` for those that page the list. The
    rest are the service's limit and error codes.
    """

    def __init__(
        self,
        find: Lookup,
        *,
        spelling: Spelling = CAPITALIZED,
        as_map: bool = False,
        paging: Mapping[str, Any] | None = None,
        limit: int = tags.LIMIT,
        invalid: str = "ValidationException",
        too_many: str = "",
    ) -> None:
        self._find, self._spelling, self._as_map, self._paging = find, spelling, as_map, paging
        self._rules: dict[str, Any] = {"limit": limit, "invalid": invalid, "too_many": too_many}

    @operation("TagResource")
    def tag_resource(self, request: dict[str, Any]) -> None:
        existing, spelling = self._existing(request), self._spelling
        new = request[spelling.tags]
        if not self._as_map:
            new = tags.as_dict(new, spelling.key, spelling.value)
        existing.update(tags.checked(new, existing, **self._rules))

    @operation("UntagResource")
    def untag_resource(self, request: dict[str, Any]) -> None:
        existing = self._existing(request)
        for key in request[self._spelling.keys]:
            existing.pop(key, None)

    @operation("ListTagsForResource")
    def list_tags_for_resource(self, request: dict[str, Any]) -> dict[str, Any]:
        existing, spelling = self._existing(request), self._spelling
        if self._as_map:
            return {spelling.tags: dict(existing)}
        listed = tags.as_list(existing, spelling.key, spelling.value)
        return (
            {spelling.tags: listed} if self._paging is None else paged(listed, request, spelling.tags, **self._paging)
        )

    def _existing(self, request: dict[str, Any]) -> MutableMapping[str, str]:
        return self._find(request[self._spelling.arn])
