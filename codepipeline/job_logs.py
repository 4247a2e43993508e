"""The log groups of SageMaker's jobs. All stages and projects of an account share them, so no stack can own them, and
none has the key of one stage: with that key deleted, nobody's jobs could log. SageMaker would create them with the
first job, to be kept forever."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

RETENTION_DAYS = 365  # as the groups of builds and endpoints in the templates
START = "/aws/sagemaker/"
NAMES = tuple(f"{START}{kind}" for kind in ("ProcessingJobs", "TrainingJobs", "TransformJobs"))


def read(logs: Any) -> dict[str, Any]:
    """The groups that exist, as DescribeLogGroups returns them, by name."""
    pages = logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=START)
    return {group["logGroupName"]: group for page in pages for group in page["logGroups"]}


def render(current: dict[str, Any]) -> Iterator[str]:
    """Existing groups are left alone: they may hold logs of others."""
    for name in NAMES:
        if name not in current:
            yield f"  create log group {name}, kept for {RETENTION_DAYS} days"
        elif "retentionInDays" not in current[name]:
            command = f"aws logs put-retention-policy --log-group-name {name} --retention-in-days {RETENTION_DAYS}"
            yield f"  leave log group {name}, which exists and is kept forever; `{command}` limits that"


def create(logs: Any, current: dict[str, Any]) -> None:
    for name in NAMES:
        if name not in current:
            logs.create_log_group(logGroupName=name)
            logs.put_retention_policy(logGroupName=name, retentionInDays=RETENTION_DAYS)
