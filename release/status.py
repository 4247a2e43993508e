"""``--status``: what is live, since when, from which commit, the release under way, its alarms, the last verdicts."""

from __future__ import annotations

from aws.response_time import clock_speed, response_time
from aws.tables import columns
from aws.times import clock, for_people
from release import pending, under_way
from release.context import Context
from release.names import short
from release.state import alarm_history, owned_resources, records, s3_documents, verdict_records
from release.state.live_package import LivePackage, read_live_package
from release.state.records import GoodRelease
from release.state.verdict_records import VerdictRecord

VERDICTS = 5
APPROVED = 20  # packages, the newest, that are looked at


def status(context: Context) -> str:
    live = read_live_package(context)
    if not s3_documents.bucket_exists(context):
        gone = f"the bucket {context.settings.bucket} does not exist: there are no records of releases"
        return "\n".join([*_endpoint(context, live, []), *_alarms(context, live), gone, _clock(context)])
    good = records.last_good(context)
    lines = [*_endpoint(context, live, good), *_under_way(context), *_alarms(context, live), *_history(context, good)]
    return "\n".join([*lines, *_never_deployed(context, live, good), _clock(context)])


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
        ("since", f"{for_people(since)}{'' if judged else ' (last change; not judged good since)'}"),
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
    release = under_way.read(context)
    return [under_way.describe(release)] if release else []


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
    line = f"  {for_people(record.time)}  {short(record.deployment.package)}  {record.outcome}: {record.reason}"
    return [line, f"    {record.acceptance}"] if record.acceptance else [line]


def _never_deployed(context: Context, live: LivePackage, good: list[GoodRelease]) -> list[str]:
    """Approved packages without a verdict here: the event was lost, or the release waits, was refused or rejected."""
    approved = pending.packages(context.settings, context.client("sagemaker"), "Approved")[:APPROVED]
    known = {live.package, *(release.package for release in good)}
    if any(summary["ModelPackageArn"] not in known for summary in approved):
        known |= {record.deployment.package for record in verdict_records.newest(context, APPROVED)}
    missing = [short(summary["ModelPackageArn"]) for summary in approved if summary["ModelPackageArn"] not in known]
    where = "python -m release.approve shows whether a release waits; --package ARN deploys one"
    return [f"approved, but never deployed here: {', '.join(missing)} ({where})"] if missing else []


def _clock(context: Context) -> str:
    response = context.retry(lambda: context.client("sts").get_caller_identity())
    return clock(response_time(response), clock_speed(response))
