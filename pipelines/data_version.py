"""The version of the data under a URI: SageMaker caches a step by the URIs of its inputs alone."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from aws.refusals import is_missing
from aws.s3 import split_uri
from settings.aws_names import BUCKET
from settings.errors import AwsProblem

REMEDY = "put the files there (`aws s3 cp --recursive FOLDER {uri}`), or set another data.uri in the settings"


def data_version(uri: str, s3: Any) -> str:
    """The hash of what S3 lists: names, sizes, content tags. Reads no data; an empty prefix is an error."""
    bucket, prefix = split_uri(uri)
    if not uri.startswith("s3://") or not re.fullmatch(BUCKET, bucket):
        raise AwsProblem(f"DataUri {uri!r} is not a data location: write s3://bucket/prefix")
    try:
        version, files = _hash_listing(s3, bucket, prefix)
    except Exception as error:
        if is_missing(error):
            raise AwsProblem(f"{uri}: the bucket {bucket} does not exist: {REMEDY.format(uri=uri)}") from error
        raise
    if not files:
        raise AwsProblem(f"{uri} holds no data: {REMEDY.format(uri=uri)}")
    return version


def _hash_listing(s3: Any, bucket: str, prefix: str) -> tuple[str, int]:
    sha, files = hashlib.sha256(), 0
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for entry in page.get("Contents", []):
            files += entry["Size"] > 0  # consoles create empty objects for folders
            sha.update(f"{entry['Key']}\0{entry['Size']}\0{entry['ETag']}\0".encode())
    return sha.hexdigest()[:20], files
