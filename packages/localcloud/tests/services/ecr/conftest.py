"""A repository, images for it by ECR's API, and the registry as an engine uses it."""

from __future__ import annotations

import json
from collections.abc import Callable
from http.client import HTTPConnection, HTTPMessage
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest
from support.images import Content, digest_of

from localcloud.services.ecr.service import ECR


class Response(NamedTuple):
    status: int
    headers: HTTPMessage
    body: bytes

    @property
    def error(self) -> tuple[int, str, str]:
        (error,) = json.loads(self.body)["errors"]
        return self.status, error["code"], error["message"]


@pytest.fixture
def services() -> list[Any]:
    return [ECR]


@pytest.fixture
def ecr(aws: Any) -> Any:
    client = aws("ecr")
    client.create_repository(repositoryName="churn")
    return client


@pytest.fixture
def image() -> Callable[[str], Content]:
    """Another image for another word."""
    return lambda word: Content(json.dumps({"os": word}).encode(), f"the layer of {word}".encode())


@pytest.fixture
def upload(ecr: Any) -> Callable[..., None]:
    """A layer, by the API and in two parts."""

    def send(content: bytes, repository: str = "churn") -> None:
        name = {"repositoryName": repository}
        upload = ecr.initiate_layer_upload(**name)["uploadId"]
        for start, end in ((0, 5), (5, len(content))):
            part = content[start:end]
            ecr.upload_layer_part(
                uploadId=upload, partFirstByte=start, partLastByte=end - 1, layerPartBlob=part, **name
            )
        ecr.complete_layer_upload(uploadId=upload, layerDigests=[digest_of(content)], **name)

    return send


@pytest.fixture
def put(ecr: Any, upload: Callable[..., None], image: Callable[[str], Content]) -> Callable[..., Content]:
    """An image with its layers, by the API."""

    def send(word: str, tag: str = "") -> Content:
        content = image(word)
        known = ecr.batch_check_layer_availability(
            repositoryName="churn", layerDigests=[digest_of(content.layer), digest_of(content.config)]
        )
        for blob in (content.layer, content.config) if known["failures"] else ():
            upload(blob)
        ecr.put_image(repositoryName="churn", imageManifest=content.manifest, **({"imageTag": tag} if tag else {}))
        return content

    return send


@pytest.fixture
def registry(cloud: Any) -> Callable[..., Response]:
    """A request to the registry, by default with a valid token."""

    def call(method: str, path: str, body: Any = None, authorization: str | None = None, **headers: str) -> Response:
        if authorization is None:
            token = cloud.client("ecr").get_authorization_token()["authorizationData"][0]["authorizationToken"]
            authorization = f"Basic {token}"
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        headers |= {"Authorization": authorization} if authorization else {}
        connection = HTTPConnection(urlsplit(cloud.url).netloc, timeout=10)
        connection.request(method, path, body, headers, encode_chunked=not isinstance(body, bytes | str | None))
        response = connection.getresponse()
        content = response.read()
        connection.close()
        return Response(response.status, response.headers, content)

    return call
