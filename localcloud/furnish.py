"""What an account has before the first command: on AWS the foundation's stack makes it, here ``up`` does.

The bucket, the role and the connection to a Git host of the environment "local", and example data where the settings are
still those of the example. What is there already is left alone. Bucket and role carry a tag, so that a stack may take them over.

It all goes straight into moto's state: no client has to be made for it, which would take longer than the rest.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from localcloud.cloud import Cloud

PIPELINES = Path(__file__).resolve().parent.parent / "pipelines"
MAKERS = ("example_data.py", "example_churn.py")
ROWS = 20_000
EXAMPLE = "churned"  # the example's target
TAG, OURS = "furnished-by", "localcloud"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


def furnish(cloud: Cloud, kept: Path) -> None:
    """``kept`` is a folder for example data, which takes half a second to make."""
    from pipelines.settings import load

    settings = load("local")
    bucket, _, prefix = settings.data_uri.removeprefix("s3://").partition("/")
    example = _example(kept) if settings.data.target == EXAMPLE else b""
    with cloud.moto("s3") as s3:
        for name in {settings.bucket, bucket} - s3.buckets.keys():
            s3.create_bucket(name, settings.aws.region)
            s3.put_bucket_tagging(name, {TAG: OURS})
        if example and not any(key.startswith(prefix) for key in s3.buckets[bucket].keys):
            s3.put_object(bucket, f"{prefix.rstrip('/')}/churn.csv", example)
    if f":{cloud.account}:role/" in settings.role_arn:
        with cloud.moto("iam") as iam:
            _make_role(iam, settings.role_arn)
    _connect(cloud, settings.delivery.connection_arn)


def _example(kept: Path) -> bytes:
    """Made once, and again when what makes it has changed."""
    made_by = hashlib.sha256(b"".join((PIPELINES / name).read_bytes() for name in MAKERS)).hexdigest()[:10]
    file = kept / f"churn-{ROWS}-{made_by}.csv"
    if not file.is_file():
        from pipelines import example_data

        example_data.write(file, ROWS)
    return file.read_bytes()


def _connect(cloud: Cloud, arn: str) -> None:
    """On AWS a person makes the connection, in the console."""
    service: Any = cloud.services.get(arn.split(":")[2] if arn else "")
    if service and arn not in service.connections:
        service.add(arn, "local")


def _make_role(iam: Any, arn: str) -> None:
    path, _, name = arn.partition(":role")[2].rpartition("/")
    if not any(role.arn == arn for role in iam.roles.values()):
        iam.create_role(
            role_name=name,
            assume_role_policy_document=json.dumps(TRUST),
            path=f"{path}/",
            permissions_boundary=None,
            description="what the jobs run as",
            tags=[{"Key": TAG, "Value": OURS}],
            max_session_duration="3600",
        )
