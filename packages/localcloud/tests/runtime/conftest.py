"""S3 as jobs use it."""

from __future__ import annotations

from typing import Any

import pytest

from localcloud.runtime.s3_store import S3Store


@pytest.fixture
def services() -> list[Any]:
    return []


@pytest.fixture
def store(cloud: Any) -> S3Store:
    where = {"LocationConstraint": "eu-west-1"}
    cloud.client("s3").create_bucket(Bucket="bucket", CreateBucketConfiguration=where)
    return S3Store(cloud.client("s3"))
