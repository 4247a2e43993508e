"""Objects that a first run needs and that later runs or people replace: put only where there is nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aws.refusals import is_denied, is_missing


def plant(seeds: Mapping[str, bytes], s3: Any) -> None:
    for uri, content in seeds.items():
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        try:
            s3.head_object(Bucket=bucket, Key=key)
        except Exception as error:
            if not (is_missing(error) or is_denied(error)):  # denied: also what AWS says without s3:ListBucket
                raise
            _put_if_absent(s3, bucket, key, content)


def _put_if_absent(s3: Any, bucket: str, key: str, content: bytes) -> None:
    from botocore.exceptions import ClientError

    try:
        s3.put_object(Bucket=bucket, Key=key, Body=content, IfNoneMatch="*")
    except ClientError as error:
        if error.response["Error"]["Code"] != "PreconditionFailed":  # somebody else put it a moment ago
            raise
