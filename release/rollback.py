"""``--rollback``: deploys the last good package again, in the same way as any other."""

from __future__ import annotations

from dataclasses import replace

from aws.times import for_people
from release.context import Context
from release.plan.preflight import ROLLBACK_FAILED
from release.request import ReleaseRequest
from release.state import records
from release.state.deployment import Deployment
from release.state.live_package import read_live_package
from settings.errors import Problem


def rollback_request(context: Context, request: ReleaseRequest, interrupted: Deployment | None) -> ReleaseRequest:
    """To the last good release; from there to the one before. A rollback that was interrupted continues."""
    if interrupted and interrupted.known_good:
        return replace(request, package=interrupted.package, known_good=True, leaves=interrupted.leaves)
    live = context.retry(lambda: read_live_package(context))
    # after a failed rollback the last good one is itself live, on a part of the instances
    leaves = "" if live.endpoint.status == ROLLBACK_FAILED else live.package
    good = records.rollback_target(records.last_good(context), leaves)
    if good is None:
        what = f"beside the live {leaves}" if leaves else "on record"
        raise Problem(
            f"there is no good release of {context.endpoint_name} {what}: name the package to deploy with --package ARN"
        )
    context.say(f"back to {good.package} (commit {good.commit or 'unknown'}), good on {for_people(good.time)}")
    return replace(request, package=good.package, known_good=True, leaves=leaves)
