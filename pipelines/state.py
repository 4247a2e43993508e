"""The state of the pipeline at AWS."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aws.refusals import is_denied, is_missing
from settings.errors import Problem


@dataclass(frozen=True)
class PipelineState:
    name: str
    arn: str
    definition: str
    role: str
    description: str
    created: datetime | None
    modified: datetime | None
    tags: dict[str, str] | None = None  # None: not read, or reading them is denied


def read(sagemaker: Any, name: str, tags: bool = False) -> PipelineState | None:
    try:
        response = sagemaker.describe_pipeline(PipelineName=name)
    except Exception as error:
        if is_missing(error):
            return None
        raise
    return PipelineState(
        name=name,
        arn=response["PipelineArn"],
        definition=response["PipelineDefinition"],
        role=response["RoleArn"],
        description=response.get("PipelineDescription") or "",
        created=response.get("CreationTime"),
        modified=response.get("LastModifiedTime"),
        tags=_tags(sagemaker, response["PipelineArn"]) if tags else None,
    )


def require(sagemaker: Any, name: str) -> PipelineState:
    state = read(sagemaker, name)
    if state is None:
        raise not_found(name)
    return state


def not_found(name: str) -> Problem:
    return Problem(f"pipeline {name} does not exist: create it with --upsert")


def parse_definition(definition: str) -> dict[str, Any] | None:
    """None when it is not a definition: others may have written it."""
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
