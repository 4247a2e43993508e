"""What an account has before the first command: on AWS the foundation's stack makes it, here ``up`` does.

The bucket, the role and the connection to a Git host of the environment "local", and example data where the settings
are still those of the example. What is there already is left alone. Bucket and role carry a tag, so that a stack may
take them over.

It all goes straight into moto's state: no client has to be made for it, which would take longer than the rest.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from localcloud.core.seed import TAG, TAG_VALUE
from rehearsal.seed import Wanted

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


def furnish(cloud: Cloud, wanted: Wanted) -> None:
    with cloud.moto("s3") as s3:
        for name in {wanted.bucket, wanted.data_bucket} - s3.buckets.keys():
            s3.create_bucket(name, wanted.region)
            s3.put_bucket_tagging(name, {TAG: TAG_VALUE})
        there = s3.buckets[wanted.data_bucket].keys
        if wanted.example and not any(key.startswith(wanted.data_prefix) for key in there):
            key = f"{wanted.data_prefix.rstrip('/')}/churn.csv"
            s3.put_object(wanted.data_bucket, key, Path(wanted.example).read_bytes())
    if f":{cloud.account}:role/" in wanted.role_arn:
        with cloud.moto("iam") as iam:
            _make_role(iam, wanted.role_arn)
    _connect(cloud, wanted.connection_arn)


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
            tags=[{"Key": TAG, "Value": TAG_VALUE}],
            max_session_duration="3600",
        )
