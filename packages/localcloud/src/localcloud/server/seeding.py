"""Adds what a seed contains to the account. What exists already stays as it is, so that it can be applied again.

It goes straight into moto's state: clients would take longer to create than all the rest.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from localcloud.core.errors import Problem
from localcloud.core.seed import TAG, TAG_VALUE, Bucket, Object, Parameter, Role, Seed, parse
from localcloud.services.codeconnections.service import Connections

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud


class Seeding:
    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._lock = Lock()
        self._seed: Seed | None = None

    def control(self, request: dict[str, Any]) -> dict[str, Any]:
        """{"seed": {...}, "source": "the name of its file", "if_changed": true}; returns what was added.

        ``if_changed``: the seed that was applied last is not applied again, even if its resources were deleted.
        """
        source = str(request.get("source", "the seed"))
        seed = parse(request.get("seed"), source, Path("/"), self._cloud.account, self._cloud.region)
        return {"added": self.apply(seed, if_changed=bool(request.get("if_changed")))}

    def apply(self, seed: Seed, *, if_changed: bool = False) -> list[str]:
        with self._lock:
            if if_changed and seed == self._seed:
                return []
            self._seed = seed
            return list(self._add(seed))

    def apply_again(self) -> None:
        """After a reset."""
        if self._seed:
            self.apply(self._seed)

    def _add(self, seed: Seed) -> Iterator[str]:
        self._cloud.images.replace(seed.images)
        if seed.buckets:
            with self._cloud.moto("s3") as s3:
                for bucket in seed.buckets:
                    yield from _add_bucket(s3, bucket, self._cloud.region)
        if seed.roles:
            with self._cloud.moto("iam") as iam:
                yield from (f"role {role.name}" for role in seed.roles if _add_role(iam, role))
        if seed.parameters:
            with self._cloud.moto("ssm") as ssm:
                yield from (f"parameter {each.name}" for each in seed.parameters if _add_parameter(ssm, each))
        yield from self._add_connections(seed)

    def _add_connections(self, seed: Seed) -> Iterator[str]:
        for connection in seed.connections:
            service = self._cloud.services.get(connection.arn.split(":")[2])
            with self._cloud.lock:
                if isinstance(service, Connections) and connection.arn not in service.connections:
                    service.add(connection.arn, connection.name, connection.provider)
                    yield f"connection {connection.arn}"


def _add_bucket(s3: Any, bucket: Bucket, region: str) -> Iterator[str]:
    if bucket.name not in s3.buckets:
        s3.create_bucket(bucket.name, region)
        s3.put_bucket_tagging(bucket.name, {TAG: TAG_VALUE})
        yield f"bucket {bucket.name}"
    keys = s3.buckets[bucket.name].keys
    for item in [item for item in bucket.objects if not _holds(keys, item)]:
        s3.put_object(bucket.name, item.key, _content(item))
        yield f"object s3://{bucket.name}/{item.key}"


def _content(item: Object) -> bytes:
    try:
        return Path(item.file).read_bytes()
    except OSError as error:
        sentence = f"the object {item.key} of the seed: {item.file} cannot be read ({error.strerror})"
        raise Problem(f"{sentence}: write it, then apply the seed again") from None


def _holds(keys: Any, item: Object) -> bool:
    return item.key in keys or bool(item.if_empty and any(key.startswith(item.if_empty) for key in keys))


def _add_role(iam: Any, role: Role) -> bool:
    if any(known.name == role.name for known in iam.roles.values()):
        return False
    trust = {"Effect": "Allow", "Principal": {"Service": role.service}, "Action": "sts:AssumeRole"}
    iam.create_role(
        role_name=role.name,
        assume_role_policy_document=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
        path=role.path,
        permissions_boundary=None,
        description="from the seed",
        tags=[{"Key": TAG, "Value": TAG_VALUE}],
        max_session_duration="3600",
    )
    for arn in role.managed_policies:
        if arn not in iam.managed_policies:
            raise Problem(f"the role {role.name} of the seed: AWS has no policy {arn}; correct managed_policies")
        iam.attach_role_policy(arn, role.name)
    return True


def _add_parameter(ssm: Any, parameter: Parameter) -> bool:
    if ssm.get_parameter(parameter.name):
        return False
    ssm.put_parameter(
        name=parameter.name,
        value=parameter.value,
        parameter_type=parameter.type,
        description="",
        allowed_pattern="",
        keyid="alias/aws/ssm",
        overwrite=False,
        tags=[],
        data_type="text",
        tier=None,
        policies=None,
    )
    return True
