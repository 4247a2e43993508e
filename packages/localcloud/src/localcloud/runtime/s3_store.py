"""S3 as jobs use it: through the API, with retries as in AWS's SDKs."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from localcloud.runtime.etag_cache import MAX_OBJECT_BYTES, EtagCache
from localcloud.runtime.store import Store, Unavailable

T = TypeVar("T")
ATTEMPTS = 5
FIRST_PAUSE = 0.05  # seconds; doubled each time
PAGE = 1000
EMPTY: dict[str, Any] = {}  # no body: botocore would send "Expect: 100-continue", for which some servers wait
FULL_DISK = 507  # Insufficient Storage
FORBIDDEN = 403
MISSING = ("NoSuchKey", "NoSuchBucket", "404")


class S3Store(Store):
    """``client`` is boto3's for S3; an object in ``cache`` is not read again when a listing shows its ETag. Then
    ``check_cached`` is called with its bucket and key: it raises Unavailable if the object must not be read."""

    def __init__(
        self,
        client: Any,
        cache: EtagCache | None = None,
        check_cached: Callable[[str, str], None] = lambda _bucket, _key: None,
    ) -> None:
        self.client, self.cache, self._check_cached = client, cache or EtagCache(), check_cached
        self._etags: dict[str, str] = {}  # by URI, as listed

    def read(self, uri: str) -> bytes:
        def read() -> bytes:
            body: bytes = self.client.get_object(**_bucket_and_key(uri))["Body"].read()
            return body

        return _with_retries(read, f"read {uri}")

    def write(self, uri: str, body: bytes) -> None:
        content = {"Body": body} if body else EMPTY
        _with_retries(lambda: self.client.put_object(**_bucket_and_key(uri), **content), f"write {uri}")

    def exists(self, uri: str) -> bool:
        try:
            _with_retries(lambda: self.client.head_object(**_bucket_and_key(uri)), f"look for {uri}")
        except FileNotFoundError:
            return False
        return True

    def keys(self, uri: str) -> list[str]:
        location = _bucket_and_key(uri)
        pages = self.client.get_paginator("list_objects_v2")

        def list_all() -> dict[str, str]:
            result = pages.paginate(
                Bucket=location["Bucket"], Prefix=location["Key"], PaginationConfig={"PageSize": PAGE}
            )
            items = [item for page in result for item in page.get("Contents", [])]
            return {f"s3://{location['Bucket']}/{item['Key']}": item["ETag"] for item in items}

        etags = _with_retries(list_all, f"list {uri}")
        self._etags |= etags
        return list(etags)

    def fetch(self, uri: str, file: Path) -> None:
        def fetch() -> None:
            response = self.client.get_object(**_bucket_and_key(uri))
            if response["ContentLength"] > MAX_OBJECT_BYTES:
                with file.open("wb") as target:
                    shutil.copyfileobj(response["Body"], target, 1 << 20)
                return
            body = response["Body"].read()
            file.write_bytes(body)
            self.cache.put(response["ETag"], body)

        cached = self.cache.get(self._etags.get(uri, ""))
        if cached is None:
            _with_retries(fetch, f"read {uri}")
        else:
            self._check_cached(*_bucket_and_key(uri).values())
            file.write_bytes(cached)

    def put(self, file: Path, uri: str, **headers: str) -> None:
        def put() -> None:
            with file.open("rb") as source:
                body = {"Body": source} if file.stat().st_size else EMPTY
                self.client.put_object(**_bucket_and_key(uri), **body, **headers)

        _with_retries(put, f"write {uri}")


def _bucket_and_key(uri: str) -> dict[str, str]:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    if not uri.startswith("s3://") or not bucket:
        raise Unavailable(f"{uri} is not an S3 URI: it must start with s3:// and a bucket")
    return {"Bucket": bucket, "Key": key}


class _Denied(Unavailable, PermissionError):
    """The policies do not allow the call."""


class _Missing(Unavailable, FileNotFoundError):
    """An object or a bucket that does not exist."""


def _with_retries(call: Callable[[], T], what: str) -> T:
    """Throttling and errors of the service are retried; everything else is raised at once, as one sentence."""
    from botocore.exceptions import BotoCoreError, ClientError

    for attempt in range(ATTEMPTS):
        try:
            return call()
        except ClientError as error:
            code, status = error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]
            if code in MISSING:
                raise _Missing(f"Cannot {what}: {error.response['Error'].get('Message', code)}") from None
            if status == FORBIDDEN:
                message = error.response["Error"].get("Message", code)
                raise _Denied(f"Cannot {what}: {code}, {message}") from None
            if status < 500 or status == FULL_DISK or attempt == ATTEMPTS - 1:
                raise Unavailable(f"Cannot {what}: {code}, {error.response['Error'].get('Message', '')}") from None
        except BotoCoreError as error:
            if attempt == ATTEMPTS - 1:
                raise Unavailable(f"Cannot {what}: {error}") from None
        time.sleep(FIRST_PAUSE * 2**attempt)
    raise AssertionError("unreachable")
