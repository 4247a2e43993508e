"""A recent, bounded sample of the requests that the live endpoint has captured: what its clients really send."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

from release import names
from release.context import Context
from release.invocation import INFERENCE_ID, Request

MAX_REQUESTS, MAX_OBJECTS, MAX_BYTES = 200, 20, 1 << 20  # the beginning of each object
LEVELS = 4  # SageMaker's folders below the variant: year, month, day, hour
CONTENT_TYPES = ("text/csv", "application/json", "application/jsonlines")


def read(context: Context) -> list[Request]:
    """The newest first; those that releases sent are left out."""
    requests: list[Request] = []
    for number, key in enumerate(_newest(context)):
        if number == MAX_OBJECTS or len(requests) >= MAX_REQUESTS:
            break
        requests += reversed(parse(_beginning(context, key)))
    return requests[:MAX_REQUESTS]


def parse(content: bytes) -> list[Request]:
    """Of the lines of one object; the last one may be cut off."""
    requests = []
    for line in content.splitlines():
        try:
            request = _request(json.loads(line))
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
        if request is not None:
            requests.append(request)
    return requests


def _request(record: dict[str, Any]) -> Request | None:
    sent = record["captureData"]["endpointInput"]
    content_type = sent["observedContentType"].partition(";")[0].strip().lower()
    if content_type not in CONTENT_TYPES or record["eventMetadata"].get("inferenceId") == INFERENCE_ID:
        return None
    data = sent["data"]
    body = base64.b64decode(data) if sent["encoding"] == "BASE64" else data.encode()
    return Request(body, sent["observedContentType"])


def _newest(context: Context) -> Iterator[str]:
    """Keys by hour, the newest first: of months of traffic only the last folders are listed."""
    settings = context.settings
    yield from _keys(context, f"{settings.project.name}/capture/{settings.endpoint_name}/{names.VARIANT}/", LEVELS)


def _keys(context: Context, prefix: str, levels: int) -> Iterator[str]:
    pages = context.client("s3").get_paginator("list_objects_v2")
    options = {"Delimiter": "/"} if levels else {}
    found: list[str] = []
    for page in pages.paginate(Bucket=context.settings.bucket, Prefix=prefix, **options):
        found += [each["Prefix"] for each in page.get("CommonPrefixes", [])] if levels else []
        found += [] if levels else [each["Key"] for each in page.get("Contents", [])]
    for name in sorted(found, reverse=True):
        if levels:
            yield from _keys(context, name, levels - 1)
        else:
            yield name


def _beginning(context: Context, key: str) -> bytes:
    s3 = context.client("s3")
    response = s3.get_object(Bucket=context.settings.bucket, Key=key, Range=f"bytes=0-{MAX_BYTES - 1}")
    content: bytes = response["Body"].read()
    return content
