"""The deployment that has no verdict yet, seen by anybody: from AWS, and from what its run has stored of its judgement.

``--status`` shows it once; ``--watch`` follows it from another terminal, and changes nothing.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aws.tables import columns
from aws.times import for_people, time_of_day
from release.context import Context
from release.judgement.judgement import Decision
from release.names import short
from release.state import alarm_history, judgement_record, lease, verdict_records
from release.state.aws_time import parse
from release.state.deployment import Deployment
from release.state.endpoint import EndpointStatus, read_endpoint
from release.state.judgement_record import Abort, JudgementRecord
from release.verdict.verdict import EXIT_CODES
from release.watch.table import COLUMNS, headline, values
from release.watch.watch import Snapshot, View, read_both_fleets


@dataclass(frozen=True)
class UnderWay:
    deployment: Deployment
    snapshot: Snapshot
    record: JudgementRecord | None  # None: nobody has looked at it yet, or it has nothing to be compared with
    abort: Abort | None
    lease: Mapping[str, Any]  # the document: who holds it, and how often they have renewed it

    @property
    def owned(self) -> bool:
        return bool(self.lease.get("owner"))

    @property
    def follower(self) -> str:
        """Who follows it, and when they looked last."""
        if not self.owned:
            return "nobody: --package does so again, and gives the verdict"
        if self.record is None:
            return "a run that has not looked yet, or was killed: then --package continues"
        at = time_of_day(self.record.time)
        return f"{self.record.run}, whose last look was at {at} (killed since? --package continues)"


def read(context: Context) -> UnderWay | None:
    deployment, document = lease.read(context)
    if deployment is None:
        return None
    record = judgement_record.read(context, deployment)
    abort = judgement_record.read_abort(context, deployment)
    return UnderWay(deployment, _snapshot(context, deployment, record), record, abort, document)


def _snapshot(context: Context, deployment: Deployment, record: JudgementRecord | None) -> Snapshot:
    endpoint = read_endpoint(context.client("sagemaker"), context.endpoint_name)
    green, blue = read_both_fleets(context, deployment, endpoint.at)
    states = alarm_history.states(context.client("cloudwatch"), deployment.alarms)
    decision = Decision(record.outcome, record.sentence) if record else None  # type: ignore[arg-type]
    sent = record.sent if record else ""
    return Snapshot(endpoint, states, green, blue, sent, _left(record, endpoint), decision)


def _left(record: JudgementRecord | None, endpoint: EndpointStatus) -> float | None:
    """The run knows how its traffic shifts: what it stored, less what has passed since, while the stage is the same."""
    if record is None or record.left_seconds is None or record.stage != endpoint.stage:
        return None
    return max(0.0, record.left_seconds - (endpoint.at - parse(record.time)).total_seconds())


def describe(release: UnderWay) -> str:
    snapshot, since = release.snapshot, for_people(release.deployment.since)
    fleets = columns([("fleet", *COLUMNS), ("new", *values(snapshot.green)), ("old", *values(snapshot.blue))])
    lines = [
        f"release under way: {short(release.deployment.package)} since {since}, no verdict yet",
        f"  {headline(snapshot)}",
        fleets,
        *_judgement(release),
        f"  followed by {release.follower}",
        "  its alarms:" if snapshot.alarms else "  it has no alarms",
        *(f"    {name}  {state}" for name, state in sorted(snapshot.alarms.items())),
    ]
    return "\n".join(lines)


def _judgement(release: UnderWay) -> list[str]:
    record = release.record
    if record is None:
        return []
    lines = [f"  judgement: {record.outcome}, {record.sentence}", f"  known requests: {record.sent}"]
    return [*lines, f"  {release.abort}"] if release.abort else lines


def watch(context: Context, view: View) -> int:
    """Follows it until its verdict, and returns that verdict's exit code; 0 when nothing is under way."""
    release = read(context)
    if release is None:
        context.say(f"no release of {context.endpoint_name} is under way; --status shows what is live")
        return 0
    context.say(f"{short(release.deployment.package)}, followed by {release.follower}; --abort takes it back")
    renewal, renewed = release.lease, time.monotonic()
    while (current := read(context)) and current.deployment == release.deployment:
        view.show(current.snapshot)
        if current.lease != renewal:
            renewal, renewed = current.lease, time.monotonic()
        followed = current.owned and time.monotonic() - renewed < context.timing.lease_timeout
        if not followed and not current.snapshot.endpoint.changing:
            context.say(f"it has ended, without a verdict: {release.deployment.package} gets it by --package")
            return EXIT_CODES["inconclusive"]
        context.sleep(context.timing.longest_poll)
    return _verdict(context, release.deployment)


def _verdict(context: Context, deployment: Deployment) -> int:
    record = verdict_records.of_deployment(context, deployment)
    if record is None:
        context.say("it has ended without a verdict: nothing was deployed")
        return EXIT_CODES["failed"]
    context.say(f"{record.outcome}: {record.reason}")
    return EXIT_CODES[record.outcome]
