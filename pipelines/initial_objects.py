"""Objects that a first run needs and that later runs or people replace: put only where no object exists."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aws.s3 import object_exists, split_uri


def put_initial_objects(objects: Mapping[str, bytes], s3: Any) -> None:
    for uri, content in objects.items():
        if not object_exists(s3, uri):
            _put_if_absent(s3, uri, content)


def _put_if_absent(s3: Any, uri: str, content: bytes) -> None:
    from botocore.exceptions import ClientError

    bucket, key = split_uri(uri)
    try:
        s3.put_object(Bucket=bucket, Key=key, Body=content, IfNoneMatch="*")
    except ClientError as error:
        if error.response["Error"]["Code"] != "PreconditionFailed":  # put by somebody else in the meantime
            raise
