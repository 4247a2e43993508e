"""Layers and configurations of images: uploaded in parts, by the API and by the registry alike."""

from __future__ import annotations

import io
import re
from typing import BinaryIO

from localcloud.core.access.caller import caller
from localcloud.core.cloud import Cloud
from localcloud.core.refusal import Refusal
from localcloud.core.service import Part, Request, operation
from localcloud.services.ecr.authorization import Authorization
from localcloud.services.ecr.blob_store import BlobStore
from localcloud.services.ecr.repositories import Repositories, Repository

PART_BYTES = 10 << 20  # that a client may send at once; more is accepted
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
MEDIA_TYPE = "application/vnd.docker.image.rootfs.diff.tar.gzip"


class Layers(Part):
    def __init__(self, cloud: Cloud, repositories: Repositories, authorization: Authorization) -> None:
        self.cloud, self._repositories, self._authorization = cloud, repositories, authorization
        self.blobs = BlobStore(cloud.folder / "registry")
        self._uploads: dict[str, Repository] = {}

    def reset(self) -> None:
        self._uploads.clear()
        self.blobs.clear()

    @operation("BatchCheckLayerAvailability")
    def batch_check_layer_availability(self, request: Request) -> Request:
        repository = self._repositories.find(request)
        layers, failures = [], []
        for digest in request["layerDigests"]:
            if digest in repository.layers:
                layers.append(_describe(digest, repository.layers[digest]))
            else:
                failures.append(_failure(digest))
        return {"layers": layers, "failures": failures}

    @operation("InitiateLayerUpload")
    def initiate_layer_upload(self, request: Request) -> Request:
        return {"uploadId": self.start(self._repositories.find(request)), "partSize": PART_BYTES}

    @operation("UploadLayerPart")
    def upload_layer_part(self, request: Request) -> Request:
        repository, upload = self._repositories.find(request), request["uploadId"]
        size = self.append(repository, upload, io.BytesIO(request["layerPartBlob"]), request["partFirstByte"])
        return {**self._repositories.identity(repository), "uploadId": upload, "lastByteReceived": size - 1}

    @operation("CompleteLayerUpload", locked=False)
    def complete_layer_upload(self, request: Request) -> Request:
        with self.cloud.lock:
            repository = self._repositories.find(request)
        upload, digests = request["uploadId"], request["layerDigests"]
        self.uploaded(repository, upload)
        digest = self.blobs.digest(upload)
        if digest not in digests:
            raise _invalid_layer(digests[0])
        if digest in repository.layers:
            raise Refusal("LayerAlreadyExistsException", f"Layer with digest '{digest}' {self._place(repository)}")
        self._finish(repository, upload, digest)
        return {**self._repositories.identity(repository), "uploadId": upload, "layerDigest": digest}

    @operation("GetDownloadUrlForLayer")
    def get_download_url_for_layer(self, request: Request) -> Request:
        repository, digest = self._repositories.find(request), request["layerDigest"]
        self.size(repository, digest)
        path = f"/v2/{repository.name}/blobs/{digest}?token={self._authorization.new_password(caller())}"
        return {"downloadUrl": f"{self.cloud.url}{path}", "layerDigest": digest}

    def size(self, repository: Repository, digest: str) -> int:
        if digest not in repository.layers:
            sentence = f"The layer with digest '{digest}' {self._place(repository, 'does not exist')}"
            raise Refusal("LayersNotFoundException", sentence)
        return repository.layers[digest]

    def start(self, repository: Repository) -> str:
        upload = self.blobs.start()
        self._uploads[upload] = repository
        return upload

    def uploaded(self, repository: Repository, upload: str) -> int:
        """The bytes that came so far."""
        if self._uploads.get(upload) is not repository:
            sentence = f"Upload with id '{upload}' could not be found for the repository with name"
            registry = f"in the registry with id '{self.cloud.account}'"
            raise Refusal("UploadNotFoundException", f"{sentence} '{repository.name}' {registry}")
        return self.blobs.uploaded(upload)

    def append(self, repository: Repository, upload: str, content: BinaryIO, first_byte: int | None = None) -> int:
        """Parts come in order; returns how many bytes came so far."""
        received = self.uploaded(repository, upload)
        if first_byte not in (None, received):
            sentence = f"Invalid layer part upload for upload with id '{upload}' {self._place(repository, '')}"
            last = {"lastValidByteReceived": received - 1, **self._repositories.identity(repository)}
            raise Refusal("InvalidLayerPartException", sentence, uploadId=upload, **last)
        return self.blobs.append(upload, content)

    def complete(self, repository: Repository, upload: str, digest: str) -> None:
        """What came is the layer of this digest."""
        self.uploaded(repository, upload)
        if self.blobs.digest(upload) != digest:
            raise _invalid_layer(digest)
        self._finish(repository, upload, digest)

    def _finish(self, repository: Repository, upload: str, digest: str) -> None:
        with self.cloud.lock:
            size = self.uploaded(repository, upload)
            del self._uploads[upload]
            self.blobs.finish(upload, digest)
            repository.layers[digest] = size

    def cancel(self, repository: Repository, upload: str) -> None:
        self.uploaded(repository, upload)
        self._uploads.pop(upload)
        self.blobs.cancel(upload)

    def _place(self, repository: Repository, state: str = "already exists") -> str:
        place = f"in the repository with name '{repository.name}' in the registry with id '{self.cloud.account}'"
        return f"{state} {place}".strip()


def _describe(digest: str, size: int) -> Request:
    return {"layerDigest": digest, "layerAvailability": "AVAILABLE", "layerSize": size, "mediaType": MEDIA_TYPE}


def _failure(digest: str) -> Request:
    missing = bool(DIGEST.fullmatch(digest))
    code = "MissingLayerDigest" if missing else "InvalidLayerDigest"
    reason = f"Layer digest '{digest}' could not be found" if missing else f"Invalid layer digest '{digest}'"
    return {"layerDigest": digest, "failureCode": code, "failureReason": reason}


def _invalid_layer(digest: str) -> Refusal:
    return Refusal("InvalidLayerException", f"The digest of the received layer is not '{digest}'")
