"""The registry's HTTP API, version 2, as ``docker login``, ``push`` and ``pull`` use it; ECR's rules hold for it.

Not reproduced: mounting a layer of another repository (it is uploaded again), ranges of a layer, deletion of manifests
and layers, which ECR leaves to its API.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from localcloud.core.access.principal import Principal
from localcloud.core.cloud import Cloud
from localcloud.core.refusal import Refusal
from localcloud.core.service import Response
from localcloud.services.ecr.authorization import Authorization
from localcloud.services.ecr.hosts import local_host
from localcloud.services.ecr.images import Images
from localcloud.services.ecr.layers import Layers
from localcloud.services.ecr.manifests import Image, media_type_of
from localcloud.services.ecr.repositories import Repositories, Repository

PREFIX = "/v2/"
PATH = re.compile(
    r"/v2/(?P<name>.+?)/(?:blobs/uploads/(?P<upload>[\w-]*)|blobs/(?P<blob>[^/]+)|manifests/(?P<manifest>[^/]+)"
    r"|(?P<tags>tags/list))"
)
LARGEST_MANIFEST = 4 << 20
VERSION = {"Docker-Distribution-Api-Version": "registry/2.0"}
UNSUPPORTED = Refusal("UNSUPPORTED", "The operation is unsupported.", 405)
# The registry's code and status for ECR's.
CODES = {
    "AccessDeniedException": ("DENIED", 403),
    "RepositoryNotFoundException": ("NAME_UNKNOWN", 404),
    "ImageNotFoundException": ("MANIFEST_UNKNOWN", 404),
    "ImageTagAlreadyExistsException": ("TAG_INVALID", 400),
    "LayersNotFoundException": ("BLOB_UNKNOWN", 404),
    "ReferencedImagesNotFoundException": ("MANIFEST_BLOB_UNKNOWN", 404),
    "InvalidParameterException": ("MANIFEST_INVALID", 400),
    "UploadNotFoundException": ("BLOB_UPLOAD_UNKNOWN", 404),
    "InvalidLayerPartException": ("BLOB_UPLOAD_INVALID", 416),
    "InvalidLayerException": ("DIGEST_INVALID", 400),
}
Handler = Callable[["Call"], Response]


class Call:
    """A request, with the parts of its path."""

    def __init__(self, environ: Mapping[str, Any], repository: Repository, parts: Mapping[str, str | None]) -> None:
        self.environ, self.repository = environ, repository
        self.method: str = environ["REQUEST_METHOD"]
        self.upload, self.reference = parts["upload"] or "", parts["manifest"] or parts["blob"] or ""
        self.query = dict(parse_qsl(environ.get("QUERY_STRING", "")))
        self.content = environ["wsgi.input"]

    @property
    def first_byte(self) -> int | None:
        start = self.environ.get("HTTP_CONTENT_RANGE", "").partition("-")[0]
        return int(start) if start.isdecimal() else None

    @property
    def path(self) -> str:
        return f"/v2/{self.repository.name}"

    @property
    def image_id(self) -> dict[str, str]:
        return {"imageDigest" if self.reference.startswith("sha256:") else "imageTag": self.reference}


class Registry:
    def __init__(
        self, cloud: Cloud, repositories: Repositories, images: Images, layers: Layers, authorization: Authorization
    ) -> None:
        self.cloud, self._repositories, self._images = cloud, repositories, images
        self._layers, self._authorization = layers, authorization
        # With the operation that a caller must be allowed for it.
        self._handlers: dict[tuple[str, str], tuple[str, Handler]] = {
            ("GET", "blob"): ("GetDownloadUrlForLayer", self._get_blob),
            ("HEAD", "blob"): ("BatchCheckLayerAvailability", self._get_blob),
            ("POST", "upload"): ("InitiateLayerUpload", self._start_upload),
            ("GET", "upload"): ("UploadLayerPart", lambda call: self._uploading(call, 204)),
            ("PATCH", "upload"): ("UploadLayerPart", self._append),
            ("PUT", "upload"): ("CompleteLayerUpload", self._complete),
            ("DELETE", "upload"): ("UploadLayerPart", self._cancel),
            ("GET", "manifest"): ("BatchGetImage", self._get_manifest),
            ("HEAD", "manifest"): ("BatchGetImage", self._get_manifest),
            ("PUT", "manifest"): ("PutImage", self._put_manifest),
            ("GET", "tags"): ("ListImages", self._list_tags),
        }

    def __call__(self, environ: dict[str, Any]) -> Response:
        try:
            query = dict(parse_qsl(environ.get("QUERY_STRING", "")))
            header = environ.get("HTTP_AUTHORIZATION", "")
            return self._respond(environ, self._authorization.principal(header, query.get("token", "")))
        except Refusal as refusal:
            return self._refuse(refusal)

    def _respond(self, environ: dict[str, Any], principal: Principal) -> Response:
        if environ["PATH_INFO"] == PREFIX:
            return _response(200, {}, b"{}")
        parts = PATH.fullmatch(environ["PATH_INFO"])
        if not parts:
            raise Refusal("NAME_UNKNOWN", "The registry has no such path.", 404)
        kind = next(name for name in ("upload", "blob", "manifest", "tags") if parts[name] is not None)
        action, handler = self._handlers.get((environ["REQUEST_METHOD"], kind), ("", None))
        if not handler:
            raise UNSUPPORTED
        name = {"repositoryName": parts["name"]}
        self.cloud.access.authorize(principal, "ecr", action, name)
        with self.cloud.lock:
            repository = self._repositories.find(name)
        return handler(Call(environ, repository, parts.groupdict()))

    def _get_blob(self, call: Call) -> Response:
        size = self._layers.size(call.repository, call.reference)
        headers = {"Content-Type": "application/octet-stream", "Docker-Content-Digest": call.reference}
        if call.method == "HEAD":
            return _response(200, headers, length=size)
        file = self._layers.blobs.open(call.reference)
        return _response(200, headers, call.environ["wsgi.file_wrapper"](file), size)

    def _start_upload(self, call: Call) -> Response:
        with self.cloud.lock:
            call.upload = self._layers.start(call.repository)
        if digest := call.query.get("digest"):  # all in one request
            self._layers.append(call.repository, call.upload, call.content)
            return self._finish(call, digest)
        return self._uploading(call, 202)

    def _append(self, call: Call) -> Response:
        self._layers.append(call.repository, call.upload, call.content, call.first_byte)
        return self._uploading(call, 202)

    def _complete(self, call: Call) -> Response:
        self._layers.append(call.repository, call.upload, call.content)
        return self._finish(call, call.query.get("digest", ""))

    def _finish(self, call: Call, digest: str) -> Response:
        self._layers.complete(call.repository, call.upload, digest)
        location = f"{call.path}/blobs/{digest}"
        return _response(201, {"Location": location, "Docker-Content-Digest": digest})

    def _cancel(self, call: Call) -> Response:
        self._layers.cancel(call.repository, call.upload)
        return _response(204)

    def _uploading(self, call: Call, status: int) -> Response:
        received = self._layers.uploaded(call.repository, call.upload)
        location = f"{call.path}/blobs/uploads/{call.upload}"
        return _response(
            status,
            {"Location": location, "Range": f"0-{max(received - 1, 0)}", "Docker-Upload-UUID": call.upload},
        )

    def _get_manifest(self, call: Call) -> Response:
        with self.cloud.lock:
            image = self._images.find(call.repository, call.image_id)
            image.pulled = self.cloud.clock.now() if call.method == "GET" else image.pulled
        body = image.manifest.encode()
        headers = {"Content-Type": image.media_type, "Docker-Content-Digest": image.digest}
        return _response(200, headers, body if call.method == "GET" else b"", len(body))

    def _put_manifest(self, call: Call) -> Response:
        content = call.content.read(LARGEST_MANIFEST).decode(errors="replace")
        media_type = media_type_of(content, call.environ.get("CONTENT_TYPE", ""))
        with self.cloud.lock:
            image = self._put(call, self._images.new_image(content, media_type))
        location = f"{call.path}/manifests/{image.digest}"
        return _response(201, {"Location": location, "Docker-Content-Digest": image.digest})

    def _put(self, call: Call, image: Image) -> Image:
        digest = call.image_id.get("imageDigest", image.digest)
        if digest != image.digest:
            raise Refusal("DIGEST_INVALID", f"The digest of the manifest is {image.digest}, not {digest}", 400)
        return self._images.put(call.repository, image, call.image_id.get("imageTag", ""))

    def _list_tags(self, call: Call) -> Response:
        with self.cloud.lock:
            tags = sorted(call.repository.tags)
        body = json.dumps({"name": call.repository.name, "tags": tags}).encode()
        return _response(200, {"Content-Type": "application/json"}, body)

    def _refuse(self, refusal: Refusal) -> Response:
        code, status = CODES.get(refusal.code, (refusal.code, refusal.status))
        headers = {"Content-Type": "application/json"}
        if status == 401:
            realm = f"http://{local_host(self.cloud)}/"
            headers["WWW-Authenticate"] = f'Basic realm="{realm}",service="ecr.amazonaws.com"'
        body = json.dumps({"errors": [{"code": code, "message": refusal.message}]}).encode()
        return _response(status, headers, body)


def _response(
    status: int, headers: Mapping[str, str] | None = None, body: bytes | Iterable[bytes] = b"", length: int = 0
) -> Response:
    """``length``: of a body that is not given as bytes, or that HEAD leaves out."""
    content = [body] if isinstance(body, bytes) else body
    length = length or (len(body) if isinstance(body, bytes) else 0)
    named = {**VERSION, **(headers or {}), **({} if status == 204 else {"Content-Length": str(length)})}
    return f"{status} {HTTPStatus(status).phrase}", list(named.items()), content
