"""What a job's request is checked for against what is there: its inputs in S3, paths and names that come twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from localcloud.core.refusal import Refusal
from localcloud.runtime.jobs.job import NO_OBJECTS

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud


def check_there(cloud: Cloud, uri: str, role: str) -> None:
    """As AWS does for training and transform jobs before it takes them: some object begins with these characters."""
    bucket = uri.removeprefix("s3://").partition("/")[0]
    if not any_object(cloud, uri):
        raise Refusal(
            "ValidationException",
            f"{NO_OBJECTS.format(uri=uri)} Please ensure that the bucket exists in the selected region "
            f"({cloud.region}), that objects exist under that S3 prefix, and that the role "
            f'"{role}" has "s3:ListBucket" permissions on bucket "{bucket}".',
        )


def any_object(cloud: Cloud, uri: str) -> bool:
    """Straight from moto's store, without its lock: nothing under ours may wait for S3."""
    from moto.s3.exceptions import MissingBucket
    from moto.s3.models import FakeDeleteMarker, s3_backends

    bucket, _, prefix = uri.removeprefix("s3://").partition("/")
    try:
        found = s3_backends[cloud.account]["aws"].get_bucket(bucket).keys
    except MissingBucket:
        return False
    names = [name for name in list(found) if name.startswith(prefix)]
    return any(not isinstance(found.get(name), FakeDeleteMarker) for name in names)


def check_once(what: str, values: Iterable[str]) -> None:
    twice = [value for value, count in Counter(values).items() if count > 1]
    if twice:
        raise Refusal("ValidationException", f"{what} must be unique in a request; given twice: {', '.join(twice)}")
