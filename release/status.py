"""``--status``: what is live, since when, from which commit, its alarms, and how the last deployments ended."""

from __future__ import annotations

from aws.tables import columns
from release.context import Site
from release.names import short
from release.state import lease, owned_resources, records, s3_documents
from release.state.live_package import Live, live
from release.state.records import Good
from release.verdict import alarm_history

VERDICTS = 5


def status(site: Site) -> str:
    now, good = live(site), records.last_good(site)
    return "\n".join([*_endpoint(site, now, good), *_under_way(site), *_alarms(site, now), *_history(site, good)])


def _endpoint(site: Site, now: Live, good: list[Good]) -> list[str]:
    seen = now.look
    if not seen.status:
        return [f"endpoint {site.endpoint} does not exist: --package ARN creates it"]
    shipped = next((each for each in good if each.config == seen.config), None)
    judged = bool(good) and good[0].config == seen.config  # an older entry tells of an earlier time of the same config
    since = good[0].time if judged else seen.modified
    rows = [
        ("package", now.package or "unknown: its model was not made from a package, or is gone"),
        ("commit", (shipped.commit if shipped else _commit(site, now.package)) or "unknown"),
        ("config", seen.config),
        ("since", f"{since[:19]}{'' if judged else ' (last change; not judged good since)'}"),
    ]
    if seen.failure:
        rows.append(("failure", seen.failure))
    return [f"endpoint {site.endpoint}: {seen.stage}", columns(rows)]


def _commit(site: Site, package: str) -> str:
    if not package:
        return ""
    told = site.client("sagemaker").describe_model_package(ModelPackageName=package)
    return str(told.get("CustomerMetadataProperties", {}).get("git_commit", ""))


def _under_way(site: Site) -> list[str]:
    found = s3_documents.read(site, lease.key(site))
    told = found[0] if found else {}
    if not (deployment := lease.noted(site, told)):
        return []
    run = "a run follows it, or was killed" if told.get("owner") else "no run follows it: --package follows it again"
    return [f"without a verdict: {deployment.package} since {deployment.since[:19]} ({run})"]


def _alarms(site: Site, now: Live) -> list[str]:
    names = [name for name, config in owned_resources.alarms(site).items() if config in ("", now.look.config)]
    states = alarm_history.states(site.client("cloudwatch"), [*names, *site.settings.alarms.extra])
    return ["alarms:", columns(sorted(states.items()))] if states else ["alarms: none"]


def _history(site: Site, good: list[Good]) -> list[str]:
    told = records.verdicts(site, VERDICTS)
    lines = [
        f"  {each['time'][:19]}  {short(each['deployment']['package'])}  {each['verdict']}: {each['reason']}"
        for each in told
    ]
    kept = dict.fromkeys(short(each.package) for each in records.standing(good))
    return [
        "last verdicts:" if lines else "last verdicts: none",
        *lines,
        f"good, the newest first: {', '.join(kept) or 'none'}",
    ]
