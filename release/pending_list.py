"""What waits for a person, as text: what the answer should be based on, and the command that gives it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from aws.tables import columns
from aws.times import for_people
from release import pending
from release.approval_summary import metrics, read_evaluation
from release.names import short
from release.pending import PendingRelease
from settings.model import Settings

SHOWN = 10  # packages: each training run leaves one
Client = Callable[[str], Any]


def render(settings: Settings, client: Client) -> str:
    return "\n".join([*_packages(settings, client), *_releases(settings, client)])


def _packages(settings: Settings, client: Client) -> Iterator[str]:
    packages, group = pending.packages(settings, client("sagemaker")), settings.project.group
    yield f"packages of {group} that wait for an approval, which releases them to staging: {len(packages) or 'none'}"
    for summary in packages[:SHOWN]:
        yield from _package(settings, client, summary)
    if len(packages) > SHOWN:
        yield f"and {len(packages) - SHOWN} older ones"


def _package(settings: Settings, client: Client, summary: dict[str, Any]) -> Iterator[str]:
    arn = summary["ModelPackageArn"]
    package = client("sagemaker").describe_model_package(ModelPackageName=arn)
    metadata = package.get("CustomerMetadataProperties", {})
    rows = [
        ("registered", for_people(summary["CreationTime"])),
        ("metric", metrics(read_evaluation(package, client("s3")))),
        ("commit", metadata.get("git_commit", "unknown")),
        ("report", metadata.get("report_uri", "none")),
        ("answer", _command(settings, arn)),
    ]
    yield f"{short(arn)}\n{columns(rows)}"


def _releases(settings: Settings, client: Client) -> Iterator[str]:
    name, releases = pending.pipeline_name(settings), pending.releases(settings, client("codepipeline"))
    if releases is None:
        yield f"there is no pipeline {name}: --env takes the environment of the bootstrap"
        return
    yield f"releases at {name} that wait for the approval of production: {len(releases) or 'none'}"
    for release in releases:
        yield from _release(settings, release)


def _release(settings: Settings, release: PendingRelease) -> Iterator[str]:
    rows = [
        ("since", for_people(release.since)),
        ("question", release.question or "none"),
        ("execution", release.execution),
        ("answer", _command(settings, release.package)),
    ]
    yield f"{short(release.package)}\n{columns(rows)}"
    if release.behind:
        yield f"  {release.behind} more wait until it is answered"


def _command(settings: Settings, arn: str) -> str:
    return f'python -m release.approve --env {settings.layers} --approve {short(arn)} --reason "..."  (or --reject)'
