"""The pipeline as it is at AWS."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aws.refusals import is_denied, is_missing
from settings.errors import Problem


@dataclass(frozen=True)
class Live:
    name: str
    arn: str
    definition: str
    role: str
    description: str
    created: datetime | None
    modified: datetime | None
    tags: dict[str, str] | None = None  # None: not read, or we may not read them


def read(sagemaker: Any, name: str, tags: bool = False) -> Live | None:
    try:
        answer = sagemaker.describe_pipeline(PipelineName=name)
    except Exception as error:
        if is_missing(error):
            return None
        raise
    return Live(
        name=name,
        arn=answer["PipelineArn"],
        definition=answer["PipelineDefinition"],
        role=answer["RoleArn"],
        description=answer.get("PipelineDescription") or "",
        created=answer.get("CreationTime"),
        modified=answer.get("LastModifiedTime"),
        tags=_tags(sagemaker, answer["PipelineArn"]) if tags else None,
    )


def require(sagemaker: Any, name: str) -> Live:
    live = read(sagemaker, name)
    if live is None:
        raise absent(name)
    return live


def absent(name: str) -> Problem:
    return Problem(f"pipeline {name} does not exist: create it with --upsert")


def readable(definition: str) -> dict[str, Any] | None:
    """None where somebody else wrote something that is not a definition."""
    try:
        content = json.loads(definition)
    except ValueError:
        return None
    return content if isinstance(content, dict) else None


def _tags(sagemaker: Any, arn: str) -> dict[str, str] | None:
    try:
        pages = sagemaker.get_paginator("list_tags").paginate(ResourceArn=arn)
        return {tag["Key"]: tag["Value"] for page in pages for tag in page["Tags"]}
    except Exception as error:
        if is_denied(error):
            return None
        raise
