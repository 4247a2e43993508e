"""What CloudFormation keeps when its stack goes, because it holds data: found by name, and removed for good.

Each function says what it removed; a thing that is not there is nothing to say. So a teardown that was interrupted can
be run again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from pipelines.settings import Settings

WAITING_DAYS = 7  # the shortest that KMS allows
Client = Callable[[str], Any]


def remove(stage: Settings, client: Client) -> Iterator[str]:
    for bucket in (stage.bucket, f"{stage.bucket}-logs"):
        yield from _bucket(client("s3"), bucket)
    yield from _queue(client("sqs"), f"{_name(stage)}-dead-letters")
    yield from _repository(client("ecr"), _name(stage))
    for kind in ("build", "deploy"):
        yield from _log_group(client("logs"), f"/aws/codebuild/{_name(stage)}-{kind}")
    yield from _keys(client("kms"), f"{_name(stage)}:")


def _name(stage: Settings) -> str:
    return f"{stage.project.name}-{stage.env}"


def _bucket(s3: Any, name: str) -> Iterator[str]:
    try:
        count = _emptied(s3, name)
        s3.delete_bucket(Bucket=name)
    except s3.exceptions.ClientError as error:
        if _code(error) == "NoSuchBucket":
            return
        raise
    yield f"bucket {name} with {count} object versions"


def _emptied(s3: Any, name: str) -> int:
    count = 0
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=name):
        found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        if found:
            objects = [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in found]
            s3.delete_objects(Bucket=name, Delete={"Objects": objects, "Quiet": True})
        count += len(found)
    return count


def _queue(sqs: Any, name: str) -> Iterator[str]:
    try:
        url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    except sqs.exceptions.QueueDoesNotExist:
        return
    sqs.delete_queue(QueueUrl=url)
    yield f"queue {name}"


def _repository(ecr: Any, name: str) -> Iterator[str]:
    try:
        ecr.delete_repository(repositoryName=name, force=True)
    except ecr.exceptions.RepositoryNotFoundException:
        return
    yield f"image repository {name}"


def _log_group(logs: Any, name: str) -> Iterator[str]:
    try:
        logs.delete_log_group(logGroupName=name)
    except logs.exceptions.ResourceNotFoundException:
        return
    yield f"log group {name}"


def _keys(kms: Any, description: str) -> Iterator[str]:
    """By what the template calls them: their aliases went with the stack."""
    for page in kms.get_paginator("list_keys").paginate():
        for key in page["Keys"]:
            found = kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
            if found.get("Description", "").startswith(description) and found["KeyState"] == "Enabled":
                kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=WAITING_DAYS)
                yield f"key {key['KeyId']}, after a waiting time of {WAITING_DAYS} days"


def _code(error: Any) -> str:
    return str(error.response["Error"]["Code"])
