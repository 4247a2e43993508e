"""JSON documents in the bucket; conditional writes, so that of two writers one knows that it lost."""

from __future__ import annotations

import json
from typing import Any

from aws.refusals import is_missing
from release.context import Site
from settings.errors import Problem

Document = dict[str, Any]
LOST = ("PreconditionFailed", "ConditionalRequestConflict", "412", "409")


def read(site: Site, key: str) -> tuple[Document, str] | None:
    """The document and its ETag; None when there is none."""

    def fetch() -> tuple[bytes, str]:
        answer = site.client("s3").get_object(Bucket=site.settings.bucket, Key=key)
        return answer["Body"].read(), str(answer["ETag"])  # the connection can break here as well

    try:
        body, etag = site.patiently(fetch)
    except Exception as error:
        if is_missing(error) and _code(error) != "NoSuchBucket":
            return None
        raise
    try:
        document = json.loads(body)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise damaged(site, key, "not a JSON object")
    return document, etag


def damaged(site: Site, key: str, why: str) -> Problem:
    """Somebody edited it by hand: guessing what it meant could end in the wrong release."""
    return Problem(f"s3://{site.settings.bucket}/{key} is no record of ours ({why}): look at it, mend it or delete it")


def write(site: Site, key: str, document: Document, *, only: str | None = None) -> str | None:
    """The new ETag. ``only``: the ETag that must still be there, "" for nothing; None comes back if it is not so."""
    condition = {} if only is None else {"IfMatch": only} if only else {"IfNoneMatch": "*"}
    body = (json.dumps(document, indent=1, ensure_ascii=False) + "\n").encode()
    request = {"Bucket": site.settings.bucket, "Key": key, "Body": body, "ContentType": "application/json", **condition}
    try:
        answer = site.patiently(lambda: site.client("s3").put_object(**request))
    except Exception as error:
        if only is not None and (_code(error) in LOST or (only and _code(error) == "NoSuchKey")):
            return None
        raise
    return str(answer["ETag"])


def keys(site: Site, prefix: str) -> list[str]:
    """Sorted, as S3 has them."""
    pages = site.client("s3").get_paginator("list_objects_v2").paginate(Bucket=site.settings.bucket, Prefix=prefix)
    return [item["Key"] for page in pages for item in page.get("Contents", [])]


def _code(error: Exception) -> str:
    return str(getattr(error, "response", {}).get("Error", {}).get("Code", ""))
