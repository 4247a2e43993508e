"""Responses of the handler; a client that asks for a label learns which package responded, and how warm it was.

They are WSGI applications: AWS's toolkit passes a handler no headers of the request, but Flask runs an application that
a handler returns with the request's environment. In AWS's image whatever a handler raises becomes a 500.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from http_errors import HttpError

CUSTOM_ATTRIBUTES = "X-Amzn-SageMaker-Custom-Attributes"
IDENTIFY = "identify"  # the custom attributes of a request that asks for the label
JSON = "application/json"


@dataclass(frozen=True)
class HttpResponse:
    """``request`` is the request's number in this worker; the first one finds a cold worker."""

    request: int
    body: bytes
    content_type: str

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        textual = self.content_type.startswith("text/")
        content_type = f"{self.content_type}; charset=utf-8" if textual else self.content_type
        return _send(start_response, 200, content_type, self.body, _label(environ, self.request))


@dataclass(frozen=True)
class ErrorResponse:
    """Its body names the package too: boto3's ModelError shows the body of a response, but no headers."""

    request: int
    error: HttpError

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        label = _label(environ, self.request)
        package = {"package": _package()} if label else {}  # first: SageMaker may cut off a long message's end
        body = json.dumps(package | {"error": self.error.message}).encode()
        return _send(start_response, self.error.status_code, JSON, body, label)


def _label(environ: dict[str, Any], request: int) -> str:
    """The value of the header; "" for a client that did not ask, and for a model that was made from no package."""
    requested = environ.get("HTTP_" + CUSTOM_ATTRIBUTES.upper().replace("-", "_"), "").strip() == IDENTIFY
    return f"package={_package()};request={request}" if requested and _package() else ""


def _package() -> str:
    return os.environ.get("MODEL_PACKAGE", "")


def _send(
    start_response: Callable[..., Any], status: int, content_type: str, body: bytes, label: str
) -> Iterable[bytes]:
    headers = [("Content-Type", content_type), ("Content-Length", str(len(body)))]
    start_response(f"{status} {HTTPStatus(status).phrase}", headers + ([(CUSTOM_ATTRIBUTES, label)] if label else []))
    return [body]
