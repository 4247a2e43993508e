"""S3 as jobs use it: through the API, with AWS's patience for a moment's trouble."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from localcloud.runtime.etag_cache import LARGEST, SmallObjects
from localcloud.runtime.store import Store, Unavailable

T = TypeVar("T")
ATTEMPTS = 5
FIRST_PAUSE = 0.05  # seconds; doubled each time
PAGE = 1000
EMPTY: dict[str, Any] = {}  # no body: botocore would ask for leave to send one, and some servers then wait for it
MISSING = ("NoSuchKey", "NoSuchBucket", "404")


class S3Store(Store):
    """``client`` is boto3's for S3; what is in ``small`` is not read again when a listing names its ETag."""

    def __init__(self, client: Any, small: SmallObjects | None = None) -> None:
        self.client, self.small = client, small or SmallObjects()
        self._listed: dict[str, str] = {}  # ETags

    def read(self, uri: str) -> bytes:
        def read() -> bytes:
            body: bytes = self.client.get_object(**_place(uri))["Body"].read()
            return body

        return _patiently(read, f"read {uri}")

    def write(self, uri: str, body: bytes) -> None:
        content = {"Body": body} if body else EMPTY
        _patiently(lambda: self.client.put_object(**_place(uri), **content), f"write {uri}")

    def exists(self, uri: str) -> bool:
        try:
            _patiently(lambda: self.client.head_object(**_place(uri)), f"look for {uri}")
        except FileNotFoundError:
            return False
        return True

    def keys(self, uri: str) -> list[str]:
        place = _place(uri)
        pages = self.client.get_paginator("list_objects_v2")

        def listed() -> dict[str, str]:
            found = pages.paginate(Bucket=place["Bucket"], Prefix=place["Key"], PaginationConfig={"PageSize": PAGE})
            items = [item for page in found for item in page.get("Contents", [])]
            return {f"s3://{place['Bucket']}/{item['Key']}": item["ETag"] for item in items}

        found = _patiently(listed, f"list {uri}")
        self._listed |= found
        return list(found)

    def fetch(self, uri: str, file: Path) -> None:
        def fetch() -> None:
            answer = self.client.get_object(**_place(uri))
            if answer["ContentLength"] > LARGEST:
                with file.open("wb") as target:
                    shutil.copyfileobj(answer["Body"], target, 1 << 20)
                return
            body = answer["Body"].read()
            file.write_bytes(body)
            self.small.keep(answer["ETag"], body)

        known = self.small.get(self._listed.get(uri, ""))
        if known is None:
            _patiently(fetch, f"read {uri}")
        else:
            file.write_bytes(known)

    def put(self, file: Path, uri: str) -> None:
        def put() -> None:
            with file.open("rb") as source:
                self.client.put_object(**_place(uri), **({"Body": source} if file.stat().st_size else EMPTY))

        _patiently(put, f"write {uri}")


def _place(uri: str) -> dict[str, str]:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    if not uri.startswith("s3://") or not bucket:
        raise Unavailable(f"{uri} is not an S3 URI: it must start with s3:// and a bucket")
    return {"Bucket": bucket, "Key": key}


class _Missing(Unavailable, FileNotFoundError):
    """An object or a bucket that is not there."""


def _patiently(call: Callable[[], T], what: str) -> T:
    """Throttling and trouble of the service pass; everything else is told at once, in a sentence."""
    from botocore.exceptions import BotoCoreError, ClientError

    for attempt in range(ATTEMPTS):
        try:
            return call()
        except ClientError as error:
            code, status = error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]
            if code in MISSING:
                raise _Missing(f"Cannot {what}: {error.response['Error'].get('Message', code)}") from None
            if status < 500 or attempt == ATTEMPTS - 1:
                raise Unavailable(f"Cannot {what}: {code}, {error.response['Error'].get('Message', '')}") from None
        except BotoCoreError as error:
            if attempt == ATTEMPTS - 1:
                raise Unavailable(f"Cannot {what}: {error}") from None
        time.sleep(FIRST_PAUSE * 2**attempt)
    raise AssertionError("unreachable")
