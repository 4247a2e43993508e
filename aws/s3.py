"""S3 URIs and objects."""

from __future__ import annotations

from typing import Any

from aws.refusals import is_denied, is_missing


def split_uri(uri: str) -> tuple[str, str]:
    """Bucket and key (or prefix) of ``s3://bucket/key``."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key


def object_exists(s3: Any, uri: str) -> bool:
    """Without s3:ListBucket, AWS reports a missing key as denied."""
    bucket, key = split_uri(uri)
    try:
        s3.head_object(Bucket=bucket, Key=key)
    except Exception as error:
        if is_missing(error) or is_denied(error):
            return False
        raise
    return True
