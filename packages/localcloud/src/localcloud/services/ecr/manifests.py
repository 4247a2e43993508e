"""An image as its manifest describes it: digest, size, media types, and what must exist beside it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from localcloud.core.refusal import Refusal

MANIFEST_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
IMAGE_INDEX = "application/vnd.oci.image.index.v1+json"
NOT_JSON = "Invalid parameter at 'ImageManifest' failed to satisfy constraint: 'Invalid JSON syntax'"
NO_MEDIA_TYPE = "image manifest mediatype not provided in manifest or parameter"


@dataclass(eq=False)
class Image:
    manifest: str
    media_type: str
    pushed: datetime
    pulled: datetime | None = None

    @cached_property
    def digest(self) -> str:
        return digest_of(self.manifest.encode())

    @cached_property
    def _content(self) -> dict[str, Any]:
        return parse(self.manifest)

    @property
    def layers(self) -> list[str]:
        """The digests of its layers, and of its configuration."""
        blobs = [*self._content.get("layers", ()), *filter(None, [self._content.get("config")])]
        return [blob["digest"] for blob in blobs]

    @property
    def children(self) -> list[str]:
        """The digests of a list's images, one for each platform."""
        return [child["digest"] for child in self._content.get("manifests", ())]

    @property
    def size(self) -> int:
        """As it is stored: layers are compressed. 0 for a list of images."""
        blobs = [*self._content.get("layers", ()), self._content.get("config") or {}]
        return sum(int(blob.get("size", 0)) for blob in blobs)

    @property
    def artifact_type(self) -> str:
        """The media type of its configuration."""
        media_type: str = (self._content.get("config") or {}).get("mediaType", "")
        return media_type


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def parse(manifest: str) -> dict[str, Any]:
    """Refuses what has not the form of a manifest."""
    try:
        content = json.loads(manifest)
        blobs = [*content.get("layers", ()), *content.get("manifests", ()), *filter(None, [content.get("config")])]
        valid = all(isinstance(blob["digest"], str) for blob in blobs)
    except (ValueError, AttributeError, KeyError, TypeError):
        valid = False
    if not valid:
        raise Refusal("InvalidParameterException", NOT_JSON)
    return dict(content)


def media_type_of(manifest: str, media_type: str = "") -> str:
    """``media_type`` is the request's; without one the manifest has it."""
    found = media_type or parse(manifest).get("mediaType")
    if not isinstance(found, str) or not found:
        raise Refusal("InvalidParameterException", NO_MEDIA_TYPE)
    return found
