"""Which version of the data lies under an address: SageMaker caches a step by its inputs' addresses alone."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from aws.refusals import is_missing
from settings.aws_names import BUCKET
from settings.errors import AwsProblem

ELSEWHERE = "put the files there, or name another place as data.uri in the settings"


def data_version(uri: str, s3: Any) -> str:
    """The hash of what S3 lists: names, sizes, content tags. Reads no data; refuses an address with nothing in it."""
    bucket, _, prefix = uri.removeprefix("s3://").partition("/")
    if not uri.startswith("s3://") or not re.fullmatch(BUCKET, bucket):
        raise AwsProblem(f"DataUri {uri!r} is no place of data: write s3://bucket/prefix")
    try:
        version, files = _listed(s3, bucket, prefix)
    except Exception as error:
        if is_missing(error):
            raise AwsProblem(f"{uri}: there is no bucket {bucket}: {ELSEWHERE}") from error
        raise
    if not files:
        raise AwsProblem(f"{uri} holds no data: {ELSEWHERE}")
    return version


def _listed(s3: Any, bucket: str, prefix: str) -> tuple[str, int]:
    sha, files = hashlib.sha256(), 0
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for entry in page.get("Contents", []):
            files += entry["Size"] > 0  # consoles put empty objects in place of folders
            sha.update(f"{entry['Key']}\0{entry['Size']}\0{entry['ETag']}\0".encode())
    return sha.hexdigest()[:20], files
