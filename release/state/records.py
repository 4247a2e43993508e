"""The list of the good releases, in the bucket.

releases/<endpoint>/last-good.json   the newest first
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from release.context import Context
from release.state import aws_time, s3_documents
from release.state.deployment import Deployment

LIMIT = 50


@dataclass(frozen=True)
class GoodRelease:
    package: str
    config: str
    model: str
    image: str
    image_digest: str
    commit: str
    time: str
    withdrawn: str = ""  # when a rollback left it, so that it is not good any more


def last_good(context: Context) -> list[GoodRelease]:
    """The newest first."""
    found = s3_documents.read(context, _last_good(context))
    known = GoodRelease.__dataclass_fields__
    entries = found[0].get("releases", []) if found else []
    try:
        return [GoodRelease(**{name: entry[name] for name in known if name in entry}) for entry in entries]
    except TypeError:
        raise s3_documents.invalid(context, _last_good(context), f"each release has {', '.join(known)}") from None


def rollback_target(releases: list[GoodRelease], live_package: str) -> GoodRelease | None:
    """The last good release that is not the live one."""
    return next((good for good in releases if not good.withdrawn and good.package != live_package), None)


def rollback_targets(releases: list[GoodRelease]) -> list[GoodRelease]:
    """The newest first; one that was rolled back to is on the list twice, and counts once."""
    targets: dict[str, GoodRelease] = {}
    for release in releases:
        if not release.withdrawn:
            targets.setdefault(release.config, release)
    return list(targets.values())


def good_release(
    deployment: Deployment, package: Mapping[str, Any], at: datetime, deployed_image: str = ""
) -> GoodRelease:
    """``deployed_image``: as SageMaker resolved it, with the digest that a tag meant on that day."""
    container = package.get("InferenceSpecification", {}).get("Containers", [{}])[0]
    return GoodRelease(
        package=deployment.package,
        config=deployment.config,
        model=deployment.model,
        image=container.get("Image", ""),
        image_digest=container.get("ImageDigest", "") or deployed_image.partition("@")[2],
        commit=package.get("CustomerMetadataProperties", {}).get("git_commit", ""),
        time=aws_time.as_text(at),
    )


def add_good_release(context: Context, shipped: GoodRelease, leaves: str = "", since: str = "") -> None:
    """``leaves``: the package that a rollback left. Adding again what this deployment, started at ``since``, has added
    already changes nothing."""
    releases = last_good(context)
    if releases and (releases[0].package, releases[0].config) == (shipped.package, shipped.config):
        time, releases = releases[0].time, releases[1:]
        if not since or aws_time.parse(time) >= aws_time.parse(since):  # else the endpoint was deleted and recreated
            shipped = replace(shipped, time=time)
    releases = [_withdraw(release, shipped.time) if release.package == leaves else release for release in releases]
    document = {"releases": [asdict(release) for release in [shipped, *releases][:LIMIT]]}
    s3_documents.write(context, _last_good(context), document)


def _withdraw(release: GoodRelease, at: str) -> GoodRelease:
    return release if release.withdrawn else replace(release, withdrawn=at)


def _last_good(context: Context) -> str:
    return f"{context.releases}/last-good.json"
