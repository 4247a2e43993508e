"""Images of tests: their blobs, and the manifest that names them."""

from __future__ import annotations

import hashlib
import json
from typing import NamedTuple

MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar+gzip"


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


class Content(NamedTuple):
    """Of an image."""

    config: bytes
    layer: bytes

    @property
    def manifest(self) -> str:
        blobs = ((self.config, CONFIG_TYPE), (self.layer, LAYER_TYPE))
        config, layer = ({"mediaType": t, "size": len(b), "digest": digest_of(b)} for b, t in blobs)
        document = {"schemaVersion": 2, "mediaType": MANIFEST_TYPE, "config": config, "layers": [layer]}
        return json.dumps(document, indent=1)

    @property
    def digest(self) -> str:
        return digest_of(self.manifest.encode())

    @property
    def size(self) -> int:
        return len(self.config) + len(self.layer)
