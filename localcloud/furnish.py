"""What an account has before the first command: on AWS the foundation's stack makes it, here ``up`` does.

The bucket of the environment "local", and example data in it where the settings are still those of the example. What is
there already is left alone.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

ROWS = 20_000
EXAMPLE = "churned"  # the example's target


def furnish(s3: Any) -> None:
    from pipelines.settings import load

    settings = load("local")
    bucket, _, prefix = settings.data_uri.removeprefix("s3://").partition("/")
    for name in {settings.bucket, bucket}:
        _make_bucket(s3, name, settings.aws.region)
    if settings.data.target == EXAMPLE and not s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("KeyCount"):
        _put_example(s3, bucket, f"{prefix.rstrip('/')}/churn.csv")


def _make_bucket(s3: Any, name: str, region: str) -> None:
    place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    try:
        s3.create_bucket(Bucket=name, **place)
    except s3.exceptions.BucketAlreadyOwnedByYou:
        return


def _put_example(s3: Any, bucket: str, key: str) -> None:
    from pipelines import example_data

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "churn.csv"
        example_data.write(file, ROWS)
        s3.upload_file(str(file), bucket, key)
