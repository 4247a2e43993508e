"""Which version of the data lies under an address: SageMaker caches a step by its inputs' addresses alone."""

from __future__ import annotations

import hashlib
from typing import Any

from pipelines.errors import AwsProblem


def data_version(uri: str, s3: Any) -> str:
    """The hash of what S3 lists: names, sizes, content tags. Reads no data; refuses an address with nothing in it."""
    bucket, _, prefix = uri.removeprefix("s3://").partition("/")
    sha, files = hashlib.sha256(), 0
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for entry in page.get("Contents", []):
            files += entry["Size"] > 0  # consoles put empty objects in place of folders
            sha.update(f"{entry['Key']}\0{entry['Size']}\0{entry['ETag']}\0".encode())
    if not files:
        raise AwsProblem(f"{uri} holds no data: put the files there, or name another place as data.uri in the settings")
    return sha.hexdigest()[:20]
