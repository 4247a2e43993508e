"""``--rollback``: the last good package again, by the same path as any other."""

from __future__ import annotations

from dataclasses import replace

from release.context import Site
from release.plan.preflight import TORN
from release.request import Wanted
from release.state import records
from release.state.deployment import Deployment
from release.state.live_package import live
from settings.errors import Problem


def way_back(site: Site, wanted: Wanted, interrupted: Deployment | None) -> Wanted:
    """To the last good release; from there to the one before. A way back that was interrupted is gone on with."""
    if interrupted and interrupted.known_good:
        return replace(wanted, package=interrupted.package, known_good=True, leaves=interrupted.leaves)
    now = site.patiently(lambda: live(site))
    leaves = "" if now.look.status == TORN else now.package  # then the last good one itself is only half there
    good = records.way_back(records.last_good(site), leaves)
    if good is None:
        what = f"beside the live {leaves}" if leaves else "on record"
        raise Problem(
            f"there is no good release of {site.endpoint} {what}: name the package to deploy with --package ARN"
        )
    site.say(f"back to {good.package} (commit {good.commit or 'unknown'}), good on {good.time[:19]}")
    return replace(wanted, package=good.package, known_good=True, leaves=leaves)
