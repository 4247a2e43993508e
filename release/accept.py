"""``--accept "reason"``: a person takes responsibility for a release that failed, was rolled back or is inconclusive.

It deploys nothing. What is live counts as good from now on; what is not live may be deployed again.
"""

from __future__ import annotations

from aws.response_time import response_time
from aws.times import for_people
from release.context import Context
from release.names import short
from release.request import ReleaseRequest
from release.run import make_plan
from release.state import verdict_records
from release.state.aws_time import as_text
from release.state.lease import Lease
from release.state.verdict_records import Acceptance, VerdictRecord
from release.verdict.conclude import conclude_accepted
from settings.errors import Problem


def accept(context: Context, package: str, reason: str) -> str:
    """Returns what was accepted."""
    with Lease(context) as lease:
        _, plan = make_plan(context, ReleaseRequest(package))
        record = _acceptable(context, lease, package, plan.config_name)
        acceptance = _acceptance(context, reason)
        lease.check()
        verdict_records.accept(context, record, acceptance)
        if plan.change == "unchanged":
            conclude_accepted(context, lease, record)
        elif lease.deployment == record.deployment:
            lease.record(None)
    live = "it is live, and counts as good from now on" if plan.change == "unchanged" else "--package deploys it again"
    return f"{short(package)}, {record.outcome}: {record.reason}\n{acceptance}\n{live}"


def _acceptable(context: Context, lease: Lease, package: str, config: str) -> VerdictRecord:
    pending = lease.deployment if lease.deployment and lease.deployment.package == package else None
    if pending and not verdict_records.of_deployment(context, pending):
        raise Problem(f"the deployment of {package} has no verdict yet: --package {package} follows it to its end")
    record, where = verdict_records.latest(context, package, config), f"on {context.endpoint_name}"
    if record is None:
        raise Problem(f"there is nothing to accept: {package} has no verdict {where} with {config}; --status lists all")
    if not record.stands:
        verdict = record.acceptance or f"{record.outcome} on {for_people(record.time)}"
        raise Problem(f"there is nothing to accept: {package} {where} was {verdict}")
    return record


def _acceptance(context: Context, reason: str) -> Acceptance:
    response = context.retry(lambda: context.client("sts").get_caller_identity())
    return Acceptance(response["Arn"], as_text(response_time(response)), reason)
