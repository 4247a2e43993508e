"""``--status``: what is live, since when, from which commit, its alarms, and how the last deployments ended."""

from __future__ import annotations

from aws.tables import columns
from release.context import Context
from release.names import short
from release.state import alarm_history, lease, owned_resources, records, s3_documents, verdict_records
from release.state.live_package import LivePackage, read_live_package
from release.state.records import GoodRelease
from release.state.verdict_records import VerdictRecord

VERDICTS = 5


def status(context: Context) -> str:
    live, good = read_live_package(context), records.last_good(context)
    lines = [*_endpoint(context, live, good), *_under_way(context), *_alarms(context, live), *_history(context, good)]
    return "\n".join(lines)


def _endpoint(context: Context, live: LivePackage, good: list[GoodRelease]) -> list[str]:
    endpoint, name = live.endpoint, context.endpoint_name
    if not endpoint.status:
        return [f"endpoint {name} does not exist: --package ARN creates it"]
    shipped = next((release for release in good if release.config == endpoint.config), None)
    judged = bool(good) and good[0].config == endpoint.config  # an older entry is of an earlier time of the same config
    since = good[0].time if judged else endpoint.modified
    rows = [
        ("package", live.package or "unknown: its model was not made from a package, or is gone"),
        ("commit", (shipped.commit if shipped else _commit(context, live.package)) or "unknown"),
        ("config", endpoint.config),
        ("since", f"{since[:19]}{'' if judged else ' (last change; not judged good since)'}"),
    ]
    if endpoint.failure:
        rows.append(("failure", endpoint.failure))
    return [f"endpoint {name}: {endpoint.stage}", columns(rows)]


def _commit(context: Context, package: str) -> str:
    if not package:
        return ""
    response = context.client("sagemaker").describe_model_package(ModelPackageName=package)
    return str(response.get("CustomerMetadataProperties", {}).get("git_commit", ""))


def _under_way(context: Context) -> list[str]:
    found = s3_documents.read(context, lease.key(context))
    document = found[0] if found else {}
    if not (deployment := lease.deployment_in(context, document)):
        return []
    run = "a run follows it, or was killed" if document.get("owner") else "no run follows it: --package does so again"
    return [f"without a verdict: {deployment.package} since {deployment.since[:19]} ({run})"]


def _alarms(context: Context, live: LivePackage) -> list[str]:
    configs = ("", live.endpoint.config)
    names = [name for name, config in owned_resources.alarms(context).items() if config in configs]
    states = alarm_history.states(context.client("cloudwatch"), [*names, *context.settings.alarms.extra])
    return ["alarms:", columns(sorted(states.items()))] if states else ["alarms: none"]


def _history(context: Context, good: list[GoodRelease]) -> list[str]:
    lines = [line for record in verdict_records.newest(context, VERDICTS) for line in _verdict(record)]
    packages = dict.fromkeys(short(release.package) for release in records.rollback_targets(good))
    return [
        "last verdicts:" if lines else "last verdicts: none",
        *lines,
        f"good, the newest first: {', '.join(packages) or 'none'}",
    ]


def _verdict(record: VerdictRecord) -> list[str]:
    line = f"  {record.time[:19]}  {short(record.deployment.package)}  {record.outcome}: {record.reason}"
    return [line, f"    {record.acceptance}"] if record.acceptance else [line]
