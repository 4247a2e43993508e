"""What stays of releases, in the bucket: a record of every verdict, and the list of the releases that were good.

releases/<endpoint>/verdicts/<time>-<config>.json   one for each deployment, never changed by another
releases/<endpoint>/last-good.json                  the good releases, the newest first
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from release.context import Site
from release.state import aws_time, s3_documents
from release.state.deployment import Deployment
from release.verdict.verdict import Verdict

MOST = 50


@dataclass(frozen=True)
class Good:
    package: str
    config: str
    model: str
    image: str
    image_digest: str
    commit: str
    time: str
    withdrawn: str = ""  # since when it is not good any more: it was left by hand


def last_good(site: Site) -> list[Good]:
    """The newest first."""
    found = s3_documents.read(site, _last_good(site))
    known = Good.__dataclass_fields__
    entries = found[0].get("releases", []) if found else []
    try:
        return [Good(**{name: entry[name] for name in known if name in entry}) for entry in entries]
    except TypeError:
        raise s3_documents.damaged(site, _last_good(site), f"each release has {', '.join(known)}") from None


def way_back(releases: list[Good], live_package: str) -> Good | None:
    """The last good release that is not the live one."""
    return next((good for good in releases if not good.withdrawn and good.package != live_package), None)


def standing(releases: list[Good]) -> list[Good]:
    """Those to go back to, the newest first; one that was gone back to is on the list twice, and counts once."""
    kept: dict[str, Good] = {}
    for each in releases:
        if not each.withdrawn:
            kept.setdefault(each.config, each)
    return list(kept.values())


def good(deployment: Deployment, package: Mapping[str, Any], at: datetime, deployed_image: str = "") -> Good:
    """``deployed_image``: as SageMaker resolved it, with the digest that a tag meant on that day."""
    container = package.get("InferenceSpecification", {}).get("Containers", [{}])[0]
    return Good(
        package=deployment.package,
        config=deployment.config,
        model=deployment.model,
        image=container.get("Image", ""),
        image_digest=container.get("ImageDigest", "") or deployed_image.partition("@")[2],
        commit=package.get("CustomerMetadataProperties", {}).get("git_commit", ""),
        time=aws_time.written(at),
    )


def note_good(site: Site, shipped: Good, leaves: str = "", since: str = "") -> None:
    """``leaves``: the package that was left by hand. Noting again what this deployment, begun at ``since``, has noted
    already changes nothing."""
    releases = last_good(site)
    if releases and (releases[0].package, releases[0].config) == (shipped.package, shipped.config):
        noted, releases = releases[0].time, releases[1:]
        if not since or aws_time.read(noted) >= aws_time.read(since):  # else the endpoint was deleted and made anew
            shipped = replace(shipped, time=noted)
    releases = [_withdrawn(each, shipped.time) if each.package == leaves else each for each in releases]
    document = {"releases": [asdict(each) for each in [shipped, *releases][:MOST]]}
    s3_documents.write(site, _last_good(site), document)


def note_verdict(site: Site, deployment: Deployment, verdict: Verdict, at: datetime) -> str:
    """Where it was written. A deployment that is judged twice (an interrupted run) has one record."""
    begun = aws_time.stamp(aws_time.read(deployment.since))
    key = f"{site.releases}/verdicts/{begun}-{deployment.config}.json"
    document = {"time": aws_time.written(at), **verdict.record(), "deployment": deployment.told()}
    s3_documents.write(site, key, document)
    return f"s3://{site.settings.bucket}/{key}"


def verdicts(site: Site, newest: int) -> list[s3_documents.Document]:
    """The newest first."""
    found = s3_documents.keys(site, f"{site.releases}/verdicts/")[-newest:]
    read = (s3_documents.read(site, key) for key in reversed(found))
    return [document for document, _ in filter(None, read)]


def _withdrawn(entry: Good, at: str) -> Good:
    return entry if entry.withdrawn else replace(entry, withdrawn=at)


def _last_good(site: Site) -> str:
    return f"{site.releases}/last-good.json"
