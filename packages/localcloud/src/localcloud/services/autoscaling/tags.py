"""Tags of scalable targets."""

from __future__ import annotations

from typing import Any

from localcloud.core.refusal import Refusal
from localcloud.core.service import operation
from localcloud.services.autoscaling.scaling import Scaling

MOST = 50
RESERVED = "aws:"


def checked_tags(new: dict[str, str], there: dict[str, str] | None = None) -> dict[str, str]:
    if any(key.lower().startswith(RESERVED) for key in new):
        raise Refusal("ValidationException", "aws: prefixed tag key names are not allowed for external use.")
    if len({**(there or {}), **new}) > MOST:
        raise Refusal("TooManyTagsException", f"A resource has at most {MOST} tags; this one would have more.")
    return dict(new)


class Tags(Scaling):
    @operation("TagResource")
    def tag_resource(self, request: dict[str, Any]) -> None:
        tags = self._tags_of(request)
        tags.update(checked_tags(request["Tags"], tags))

    @operation("UntagResource")
    def untag_resource(self, request: dict[str, Any]) -> None:
        tags = self._tags_of(request)
        for key in request["TagKeys"]:
            tags.pop(key, None)

    @operation("ListTagsForResource")
    def list_tags_for_resource(self, request: dict[str, Any]) -> dict[str, Any]:
        return {"Tags": self._tags_of(request)}

    def _tags_of(self, request: dict[str, Any]) -> dict[str, str]:
        arn = request["ResourceARN"]
        for target in self.targets.values():
            if target.arn == arn:
                return target.tags
        raise Refusal("ResourceNotFoundException", f"The resource {arn} does not exist.", ResourceName=arn)
