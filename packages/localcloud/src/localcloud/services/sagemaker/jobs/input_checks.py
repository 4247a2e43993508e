"""Checks of a job's request beyond AWS's model: its inputs in S3, paths and names that must be unique."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from localcloud.core.access.principal import Principal
from localcloud.core.refusal import Refusal
from localcloud.runtime.jobs.job import NO_OBJECTS
from localcloud.services.sagemaker.refusals import invalid
from localcloud.services.sagemaker.s3_objects import any_object

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

LOCAL_STORAGE = re.compile(r"ml\.(?:[a-z]+\d+[a-z]*d[a-z]*|g[56][a-z]*|gr6[a-z]*|p5[a-z]*|trn\d[a-z]*)\.")


def check_exists(cloud: Cloud, session: Principal, uri: str) -> None:
    """As AWS does before it accepts training and transform jobs: some object's URI begins with this one, and the role
    may list it."""
    bucket, _, prefix = uri.removeprefix("s3://").partition("/")
    try:
        cloud.access.authorize(session, "s3", "ListObjectsV2", {"Bucket": bucket, "Prefix": prefix})
        exists = any_object(cloud, uri)
    except Refusal:
        exists = False
    if not exists:
        raise invalid(
            f"{NO_OBJECTS.format(uri=uri)} Please ensure that the bucket exists in the selected region "
            f"({cloud.region}), that objects exist under that S3 prefix, and that the role "
            f'"{session.role_arn}" has "s3:ListBucket" permissions on bucket "{bucket}".'
        )


def check_volume_key(resources: Mapping[str, Any]) -> None:
    """Hardware encrypts the disks of such instances: AWS's documentation of VolumeKmsKeyId has the rule, that of an
    endpoint config's KmsKeyId had it once."""
    instance_type = resources.get("InstanceType", "")
    if resources.get("VolumeKmsKeyId") and LOCAL_STORAGE.match(instance_type):
        raise invalid(f"VolumeKmsKeyId is not supported for {instance_type}, which has local storage.")


def check_unique(what: str, values: Iterable[str]) -> None:
    duplicates = [value for value, count in Counter(values).items() if count > 1]
    if duplicates:
        raise invalid(f"{what} must be unique in a request; given twice: {', '.join(duplicates)}")
