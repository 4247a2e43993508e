"""Images of tests: their blobs, the manifest that names them, and how they get to a repository."""

from __future__ import annotations

import hashlib
import json
from typing import Any, NamedTuple

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


def upload_image(ecr: Any, repository: str, word: str, tag: str = "") -> Content:
    """By ECR's API; another image for another word."""
    content, name = image_of(word), {"repositoryName": repository}
    digests = [digest_of(content.layer), digest_of(content.config)]
    known = ecr.batch_check_layer_availability(layerDigests=digests, **name)
    for blob in (content.layer, content.config) if known["failures"] else ():
        upload_layer(ecr, repository, blob)
    ecr.put_image(imageManifest=content.manifest, **name, **({"imageTag": tag} if tag else {}))
    return content


def image_of(word: str) -> Content:
    return Content(json.dumps({"os": word}).encode(), f"the layer of {word}".encode())


def upload_layer(ecr: Any, repository: str, content: bytes) -> None:
    """In two parts."""
    name = {"repositoryName": repository}
    upload = ecr.initiate_layer_upload(**name)["uploadId"]
    for start, end in ((0, 5), (5, len(content))):
        part = {"partFirstByte": start, "partLastByte": end - 1, "layerPartBlob": content[start:end]}
        ecr.upload_layer_part(uploadId=upload, **part, **name)
    ecr.complete_layer_upload(uploadId=upload, layerDigests=[digest_of(content)], **name)
