"""The tags of S3's objects, which policies may ask for when an existing object is read, tagged or deleted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localcloud.core.access.calls import Need
from localcloud.core.access.reference import find_action
from localcloud.core.arn import bucket_and_key
from localcloud.core.moto_backends import Backends

KEY = "s3:ExistingObjectTag/<key>"
VERSION = "s3:versionid"


class ObjectTags:
    def __init__(self, moto: Backends) -> None:
        self._moto = moto

    def context(self, need: Need, resource: str) -> Mapping[str, tuple[str, ...]]:
        """Of the version that the request names, else of the current one; empty where there is no such object."""
        action = find_action(need.action) if need.action.startswith("s3:") else None
        if action is None or KEY not in action.keys or "/" not in resource:
            return {}
        with self._moto("s3") as s3:
            tags = _tags(s3, resource, (need.context.get(VERSION) or ("",))[0])
        return {f"s3:existingobjecttag/{tag['Key']}".lower(): (tag["Value"],) for tag in tags}


def _tags(s3: Any, arn: str, version: str) -> list[dict[str, str]]:
    name, key = bucket_and_key(arn)
    bucket = s3.buckets.get(name)
    versions = bucket.keys.getlist(key, []) if bucket else []
    found = [each for each in versions if str(each.version_id) == version] if version else versions[-1:]
    return list(s3.tagger.list_tags_for_resource(found[0].arn)["Tags"]) if found and hasattr(found[0], "arn") else []
