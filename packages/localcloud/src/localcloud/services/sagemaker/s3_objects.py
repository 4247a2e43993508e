"""S3 objects that the service itself reads: straight from moto's store, since nothing under the lock may call HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud


def read(cloud: Cloud, bucket: str, key: str, version: str | None = None) -> bytes:
    """An OSError says what is not there."""
    from moto.s3.exceptions import MissingBucket
    from moto.s3.models import s3_backends

    try:
        found = s3_backends[cloud.account]["aws"].get_object(bucket, key, version)
    except MissingBucket:
        raise FileNotFoundError(f"the bucket {bucket} does not exist") from None
    if found is None:
        raise FileNotFoundError(f"s3://{bucket}/{key} does not exist")
    body: bytes = found.value
    return body


def read_uri(cloud: Cloud, uri: str) -> bytes:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return read(cloud, bucket, key)
