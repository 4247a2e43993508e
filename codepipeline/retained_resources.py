"""The resources that outlive their stack because they hold data: found by name, and removed for good.

Each function yields a line for what it removed, and none for what does not exist, so a teardown that was interrupted
can be run again. A bucket must also carry the stack's tag: the settings may name any bucket of the account.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from codepipeline.stacks import name_of
from settings.errors import Problem
from settings.model import Settings

WAITING_DAYS = 7  # the minimum of KMS
PASSES = 3  # access logs are still delivered while their bucket is emptied
TAG = "stack"
BATCH = 1000  # the maximum of DeleteObjects
BUILDS = (
    "test",
    "upsert",
    "store",
    "fetch",
    "plan",
    "staging",
    "production",
    "approve",
    "overdue",
)  # projects of CodeBuild
Client = Callable[[str], Any]


def remove(stage: Settings, client: Client) -> Iterator[str]:
    for bucket in (f"{stage.bucket}-deploy", stage.bucket, f"{stage.bucket}-logs"):
        yield from _bucket(client("s3"), bucket, name_of(stage, "foundation"))
    yield from _queue(client("sqs"), f"{stage.pipeline_name}-dead-letters")
    yield from _repository(client("ecr"), stage.pipeline_name)
    for kind in BUILDS:
        yield from _log_group(client("logs"), f"/aws/codebuild/{stage.pipeline_name}-{kind}")
    yield from _log_group(client("logs"), f"/aws/sagemaker/Endpoints/{stage.endpoint_name}")
    yield from _reports(client("codebuild"), f"{stage.pipeline_name}-test-")
    yield from _keys(client("kms"), f"{stage.pipeline_name}:")


def _bucket(s3: Any, name: str, stack: str) -> Iterator[str]:
    tags = _tags(s3, name)
    if tags is None:
        return
    if tags.get(TAG) != stack:
        yield f"kept bucket {name}: it was not created by stack {stack}"
        return
    count = 0
    for _ in range(PASSES):
        count += _empty(s3, name)
        try:
            s3.delete_bucket(Bucket=name)
        except s3.exceptions.ClientError as error:
            if _code(error) != "BucketNotEmpty":
                raise
        else:
            yield f"removed bucket {name} with {count} object versions"
            return
    raise Problem(f"bucket {name} is still being written to: run teardown again in an hour")


def _tags(s3: Any, bucket: str) -> dict[str, str] | None:
    """None without such a bucket."""
    try:
        tags = s3.get_bucket_tagging(Bucket=bucket)["TagSet"]
    except s3.exceptions.ClientError as error:
        if _code(error) == "NoSuchBucket":
            return None
        if _code(error) == "NoSuchTagSet":
            return {}
        raise
    return {tag["Key"]: tag["Value"] for tag in tags}


def _empty(s3: Any, bucket: str) -> int:
    """Returns the number of object versions."""
    count = 0
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        versions = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        for start in range(0, len(versions), BATCH):
            keys = [{name: each[name] for name in ("Key", "VersionId")} for each in versions[start : start + BATCH]]
            errors = s3.delete_objects(Bucket=bucket, Delete={"Objects": keys, "Quiet": True}).get("Errors", [])
            if errors:
                uri = f"s3://{bucket}/{errors[0]['Key']}"
                raise Problem(f"{uri} cannot be deleted: {errors[0].get('Message', errors[0].get('Code', ''))}")
        count += len(versions)
    return count


def _queue(sqs: Any, name: str) -> Iterator[str]:
    try:
        url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    except sqs.exceptions.ClientError as error:
        if not re.search("NonExistentQueue|QueueDoesNotExist", _code(error)):  # SQS has two protocols
            raise
        return
    sqs.delete_queue(QueueUrl=url)
    yield f"removed queue {name}"


def _repository(ecr: Any, name: str) -> Iterator[str]:
    try:
        ecr.delete_repository(repositoryName=name, force=True)
    except ecr.exceptions.RepositoryNotFoundException:
        return
    yield f"removed image repository {name}"


def _log_group(logs: Any, name: str) -> Iterator[str]:
    try:
        logs.delete_log_group(logGroupName=name)
    except logs.exceptions.ResourceNotFoundException:
        return
    yield f"removed log group {name}"


def _reports(codebuild: Any, start: str) -> Iterator[str]:
    """CodeBuild creates the report groups of a build, named after its project and its buildspec."""
    for page in codebuild.get_paginator("list_report_groups").paginate():
        for arn in page["reportGroups"]:
            name = arn.rpartition("/")[2]
            if name.startswith(start):
                codebuild.delete_report_group(arn=arn, deleteReports=True)
                yield f"removed test reports {name}"


def _keys(kms: Any, description: str) -> Iterator[str]:
    """By the description that the template gives them: their aliases went with the stack."""
    for page in kms.get_paginator("list_keys").paginate():
        for key in page["Keys"]:
            metadata = _metadata(kms, key["KeyId"])
            matches = metadata.get("Description", "").startswith(description)
            if matches and metadata["KeyState"] in ("Enabled", "Disabled"):
                kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=WAITING_DAYS)
                yield f"removed key {key['KeyId']}, after a waiting period of {WAITING_DAYS} days"


def _metadata(kms: Any, key: str) -> dict[str, Any]:
    """Empty for a key whose own policy denies access: the template's key leaves access to the account's policies."""
    try:
        metadata: dict[str, Any] = kms.describe_key(KeyId=key)["KeyMetadata"]
    except kms.exceptions.ClientError as error:
        if _code(error) == "AccessDeniedException":
            return {}
        raise
    return metadata


def _code(error: Any) -> str:
    return str(error.response["Error"]["Code"])
