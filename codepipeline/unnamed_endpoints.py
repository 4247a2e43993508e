"""Endpoints of this project that none of the stages names: of an environment that was renamed or left the settings.

A teardown that overlooked them would strand them: without their role and their key they could be neither used nor
updated. Those of an environment with a foundation of its own are left to its own teardown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from codepipeline.cloudformation import status
from settings.model import Settings

Client = Callable[[str], Any]


def find(settings: Settings, stages: Sequence[Settings], client: Client) -> tuple[list[Settings], list[str]]:
    """The settings to delete each by, and a line for each that stays."""
    removed, kept = [], []
    named = {stage.env for stage in stages}
    for env in _environments(settings, client("sagemaker")):
        foundation = f"{settings.project.name}-{env}-foundation"
        if env in named:
            continue
        if status(client("cloudformation"), foundation):
            kept.append(f"endpoint {settings.project.name}-{env} stays: stack {foundation} is of another environment")
        else:
            removed.append(settings.model_copy(update={"env": env, "layers": env}))
    return removed, kept


def _environments(settings: Settings, sagemaker: Any) -> Iterator[str]:
    """By the name, and by the tag of a release: the endpoint churn-eu-prod may be of the project churn-eu."""
    start, group = f"{settings.project.name}-", f":model-package/{settings.project.group}/"
    for page in sagemaker.get_paginator("list_endpoints").paginate(NameContains=settings.project.name):
        for endpoint in page["Endpoints"]:
            if endpoint["EndpointName"].startswith(start) and group in _package(sagemaker, endpoint["EndpointArn"]):
                yield endpoint["EndpointName"].removeprefix(start)


def _package(sagemaker: Any, arn: str) -> str:
    tags = {tag["Key"]: tag["Value"] for tag in sagemaker.list_tags(ResourceArn=arn)["Tags"]}
    return str(tags.get("model-package", ""))
