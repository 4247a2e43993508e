"""What the stacks cannot be made of, said before anything is made: sentences, none when all is well."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from settings.errors import SettingsProblem
from settings.model import Settings

LONGEST_BUCKET = 58  # "<bucket>-logs" is a bucket as well, and AWS's limit is 63


def require(settings: Settings, all_stages: Sequence[Settings], *, releases: bool) -> None:
    found = [sentence for stage in all_stages for sentence in _of_a_stage(stage)]
    found += _shared(all_stages)
    if releases:
        found += _of_delivery(settings)
    if found:
        raise SettingsProblem(*found)


def _of_a_stage(stage: Settings) -> Iterator[str]:
    if len(stage.bucket) > LONGEST_BUCKET:
        yield (
            f"{stage.file}: the bucket {stage.bucket} has {len(stage.bucket)} characters, and its access logs go to "
            f"<bucket>-logs: name one of at most {LONGEST_BUCKET} as aws.bucket"
        )
    wanted = f"arn:{stage.aws.partition}:iam::{stage.require_account()}:role/{stage.pipeline_name}-execution"
    if stage.role_arn != wanted:
        yield (
            f"{stage.file}: aws.role_arn = {stage.role_arn!r}: the foundation's stack makes the role itself, and the "
            "other roles may hand on no other; remove aws.role_arn"
        )


def _shared(all_stages: Sequence[Settings]) -> Iterator[str]:
    buckets: dict[str, Settings] = {}
    for stage in all_stages:
        other = buckets.setdefault(stage.bucket, stage)
        if other is not stage:
            yield f"{stage.file}: {stage.env} and {other.env} name the same bucket {stage.bucket}: each makes its own"


def _of_delivery(settings: Settings) -> Iterator[str]:
    """What a pipeline without cannot have."""
    if not settings.delivery.repository:
        yield f"{settings.file}: delivery.repository is not set: name the repository that is built"
    if settings.delivery.source == "connection" and not settings.delivery.connection_arn:
        yield (
            f"{settings.file}: delivery.connection_arn is not set: make a connection to your Git host in the console "
            '(Developer Tools, Connections) and put its ARN there, or set delivery.source = "codecommit"'
        )
