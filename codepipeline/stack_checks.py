"""Checks the settings before any stack is created, and raises all problems at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from settings.environments import LAYER
from settings.errors import SettingsProblem
from settings.model import Settings

BUCKET_LIMIT = 56  # "<bucket>-deploy" and "<bucket>-logs" are buckets as well, and AWS's limit is 63


def check(settings: Settings, all_stages: Sequence[Settings], *, releases: bool) -> None:
    problems = [problem for stage in all_stages for problem in _stage(stage)]
    problems += _shared_buckets(all_stages)
    if releases:
        problems += [*_delivery(settings), *_production(settings, all_stages)]
    if problems:
        raise SettingsProblem(*problems)


def _stage(stage: Settings) -> Iterator[str]:
    if len(stage.bucket) > BUCKET_LIMIT:
        yield (
            f"{stage.file}: the bucket {stage.bucket} has {len(stage.bucket)} characters, and two others are named "
            f"<bucket>-deploy and <bucket>-logs: name one of at most {BUCKET_LIMIT} as aws.bucket"
        )
    for setting, role, name in (
        ("aws.role_arn", stage.role_arn, "training"),
        ("aws.hosting_role_arn", stage.hosting_role_arn, "hosting"),
    ):
        if role != f"arn:{stage.aws.partition}:iam::{stage.require_account()}:role/{stage.pipeline_name}-{name}":
            yield (
                f"{stage.file}: {setting} = {role!r}: the foundation's stack creates the role, and the "
                f"other roles may pass only that one; remove {setting}"
            )


def _shared_buckets(all_stages: Sequence[Settings]) -> Iterator[str]:
    buckets: dict[str, Settings] = {}
    for stage in all_stages:
        other = buckets.setdefault(stage.bucket, stage)
        if other is not stage:
            yield f"{stage.file}: {stage.env} and {other.env} name the same bucket {stage.bucket}: each needs its own"


def _delivery(settings: Settings) -> Iterator[str]:
    """The settings that only the pipelines need."""
    if not settings.delivery.repository:
        yield f"{settings.file}: delivery.repository is not set: name the repository that is built"
    if settings.delivery.source == "connection" and not settings.delivery.connection_arn:
        yield (
            f"{settings.file}: delivery.connection_arn is not set: create a connection to your Git host in the console "
            '(Developer Tools, Connections) and put its ARN there, or set delivery.source = "codecommit"'
        )


def _production(settings: Settings, all_stages: Sequence[Settings]) -> Iterator[str]:
    """Its own settings decide whether what it releases becomes the champion."""
    name = settings.delivery.production
    for stage in all_stages:
        if stage.env == name.split(LAYER)[0] and not stage.is_production:
            yield (
                f"{stage.file}: delivery.production = {stage.delivery.production!r}, but {settings.file} releases to "
                f"{name!r}: name that in both, so that what it releases becomes the champion"
            )
