"""The archive of a package as it lies in S3 now: which version of the object, and the hash of its content.

Jobs of a later run may write under the same prefix: what is deployed is compared with what was evaluated.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aws.refusals import is_missing
from aws.s3 import split_uri
from aws.times import for_people

CHUNK = 1 << 20
_hashes: dict[tuple[str, str, str], str] = {}  # of versions, which never change: a plan may be made again and again


@dataclass(frozen=True)
class Archive:
    bucket: str
    key: str
    version: str = ""  # "" in a bucket without versions
    sha256: str = ""  # "" for a prefix, which is no archive
    modified: datetime | None = None

    @property
    def uri(self) -> str:
        return f"s3://{self.bucket}/{self.key}"

    @property
    def written(self) -> str:
        """When, and as which version; "" for a prefix."""
        version = f" as version {self.version}" if self.version else ""
        return f"written on {for_people(self.modified)}{version}" if self.modified else ""


def read_archive(container: Mapping[str, Any], s3: Any) -> Archive | None:
    """None where there is none."""
    uri = container.get("ModelDataUrl") or container.get("ModelDataSource", {}).get("S3DataSource", {}).get("S3Uri", "")
    bucket, key = split_uri(uri)
    if not bucket:
        return None
    try:
        return _prefix(bucket, key, s3) if not key or key.endswith("/") else _object(bucket, key, s3)
    except Exception as error:
        if is_missing(error):
            return None
        raise


def _prefix(bucket: str, key: str, s3: Any) -> Archive | None:
    count = s3.list_objects_v2(Bucket=bucket, Prefix=key, MaxKeys=1).get("KeyCount")
    return Archive(bucket, key) if count else None


def _object(bucket: str, key: str, s3: Any) -> Archive:
    response = s3.get_object(Bucket=bucket, Key=key)
    version = str(response.get("VersionId") or "")
    if version in ("", "null"):  # of a bucket without versions, where content may change
        return Archive(bucket, key, version, _sha256(response["Body"]), response["LastModified"])
    identity = (bucket, key, version)
    with closing(response["Body"]) as body:
        _hashes[identity] = _hashes.get(identity) or _sha256(body)
    return Archive(bucket, key, version, _hashes[identity], response["LastModified"])


def _sha256(body: Any) -> str:
    digest = hashlib.sha256()
    for chunk in body.iter_chunks(CHUNK):
        digest.update(chunk)
    return digest.hexdigest()
