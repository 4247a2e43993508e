"""A repository, images for it by ECR's API, and the registry as an engine uses it."""

from __future__ import annotations

import json
from collections.abc import Callable
from http.client import HTTPConnection, HTTPMessage
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest
from support.images import Content, image_of, upload_image, upload_layer

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
    return image_of


@pytest.fixture
def upload(ecr: Any) -> Callable[[bytes], None]:
    """A layer."""
    return lambda content: upload_layer(ecr, "churn", content)


@pytest.fixture
def put(ecr: Any) -> Callable[..., Content]:
    """An image with its layers, by the API."""
    return lambda word, tag="": upload_image(ecr, "churn", word, tag)


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
