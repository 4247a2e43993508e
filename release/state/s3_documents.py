"""JSON documents in the bucket, with conditional writes: of two concurrent writers only one succeeds."""

from __future__ import annotations

import json
from typing import Any

from aws.refusals import is_missing
from release.context import Context
from settings.errors import Problem

Document = dict[str, Any]
LOST = ("PreconditionFailed", "ConditionalRequestConflict", "412", "409")


def bucket_exists(context: Context) -> bool:
    """Whether there can be any records."""
    try:
        context.retry(lambda: context.client("s3").head_bucket(Bucket=context.settings.bucket))
    except Exception as error:
        if is_missing(error):
            return False
        raise
    return True


def read(context: Context, key: str) -> tuple[Document, str] | None:
    """The document and its ETag; None when there is none."""

    def fetch() -> tuple[bytes, str]:
        response = context.client("s3").get_object(Bucket=context.settings.bucket, Key=key)
        return response["Body"].read(), str(response["ETag"])  # the connection can break here as well

    try:
        body, etag = context.retry(fetch)
    except Exception as error:
        if is_missing(error) and _code(error) != "NoSuchBucket":
            return None
        raise
    try:
        document = json.loads(body)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise invalid(context, key, "not a JSON object")
    return document, etag


def invalid(context: Context, key: str, why: str) -> Problem:
    """Somebody edited it by hand: guessing what it meant could end in the wrong release."""
    uri = f"s3://{context.settings.bucket}/{key}"
    return Problem(f"{uri} is not a valid release record ({why}): inspect it, then fix or delete it")


def write(context: Context, key: str, document: Document, *, if_match: str | None = None) -> str | None:
    """Returns the new ETag. ``if_match``: the ETag of what is replaced, "" for nothing; None when that has changed."""
    condition = {} if if_match is None else {"IfMatch": if_match} if if_match else {"IfNoneMatch": "*"}
    body = (json.dumps(document, indent=1, ensure_ascii=False) + "\n").encode()
    target = {"Bucket": context.settings.bucket, "Key": key}
    request = {**target, "Body": body, "ContentType": "application/json", **condition}
    try:
        response = context.retry(lambda: context.client("s3").put_object(**request))
    except Exception as error:
        if if_match is not None and (_code(error) in LOST or (if_match and _code(error) == "NoSuchKey")):
            return None
        raise
    return str(response["ETag"])


def keys(context: Context, prefix: str) -> list[str]:
    """In the order of S3, which sorts them."""
    paginator = context.client("s3").get_paginator("list_objects_v2")
    pages = paginator.paginate(Bucket=context.settings.bucket, Prefix=prefix)
    return [item["Key"] for page in pages for item in page.get("Contents", [])]


def _code(error: Exception) -> str:
    return str(getattr(error, "response", {}).get("Error", {}).get("Code", ""))
