"""S3 objects that the service itself reads: directly from moto's store, as nothing under the lock may call HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud


def read(cloud: Cloud, bucket: str, key: str, version: str | None = None) -> bytes:
    """An OSError says what does not exist."""
    from moto.s3.exceptions import MissingBucket

    try:
        key_object = _backend(cloud).get_object(bucket, key, version)
    except MissingBucket:
        raise FileNotFoundError(f"the bucket {bucket} does not exist") from None
    if key_object is None:
        raise FileNotFoundError(f"s3://{bucket}/{key} does not exist")
    body: bytes = key_object.value
    return body


def read_uri(cloud: Cloud, uri: str) -> bytes:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return read(cloud, bucket, key)


def any_object(cloud: Cloud, uri: str) -> bool:
    """Whether some object's URI begins with this one. Without moto's lock, as callers hold the cloud's."""
    from moto.s3.exceptions import MissingBucket
    from moto.s3.models import FakeDeleteMarker

    bucket, _, prefix = uri.removeprefix("s3://").partition("/")
    try:
        keys = _backend(cloud).get_bucket(bucket).keys
    except MissingBucket:
        return False
    names = [name for name in list(keys) if name.startswith(prefix)]
    return any(not isinstance(keys.get(name), FakeDeleteMarker) for name in names)


def _backend(cloud: Cloud) -> Any:
    from moto.s3.models import s3_backends

    return s3_backends[cloud.account]["aws"]
