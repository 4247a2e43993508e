"""One release: state -> plan -> execute -> verdict. Where an earlier run was interrupted, this one goes on."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from release import samples
from release.context import Site
from release.execute.execute import execute
from release.plan.plan import Plan, plan
from release.plan.preflight import check
from release.request import Wanted
from release.state.aws_time import read as moment_of
from release.state.deployment import Deployment
from release.state.endpoint import Look, look
from release.state.lease import Lease
from release.state.read import read
from release.state.state import State
from release.verdict import alarm_history, comparison
from release.verdict.conclude import conclude, scale_again
from release.verdict.verdict import Observed, Verdict, judge
from release.watch.late_traffic import catch_up
from release.watch.table import FleetsTable, Lines
from release.watch.traffic import Traffic
from release.watch.watch import Follower, counted

Choose = Callable[[Deployment | None], Wanted]


def planned(site: Site, wanted: Wanted) -> tuple[State, Plan]:
    """Only reads."""
    state = site.patiently(lambda: read(site.settings, wanted.package, site.client))
    return state, plan(site.settings, state, all_at_once=wanted.all_at_once, replace=wanted.replace)


def release(site: Site, choose: Choose) -> Verdict:
    """``choose`` is asked once nobody else can deploy, with the deployment that has no verdict yet."""
    with Lease(site) as lease:
        wanted = choose(lease.deployment)
        earlier = lease.deployment
        settled = _settled(site, lease, earlier, wanted) if earlier else None
        if settled and earlier and earlier.package == wanted.package:
            return settled
        return _release(site, lease, wanted)


def _settled(site: Site, lease: Lease, earlier: Deployment, wanted: Wanted) -> Verdict | None:
    """An interrupted run's deployment that has ended meanwhile gets the verdict it still lacks."""
    seen = _look(site)
    arrived = (seen.status, seen.config) == ("InService", earlier.config)
    if seen.moving or (arrived and earlier.package == wanted.package):
        return None  # it is followed, or finished
    if not arrived and not _ran(site, earlier, seen):
        lease.note(None)
        return None
    site.say(f"an earlier deployment, of {earlier.package}, has ended and has no verdict yet")
    verdict = _verdict(site, lease, earlier, seen)
    site.say(str(verdict))
    return verdict


def _ran(site: Site, deployment: Deployment, seen: Look) -> bool:
    """Was its change ever sent? Another change of the endpoint (its scaling) looks like that, but rings nothing."""
    if (seen.config, seen.modified) == (deployment.before, deployment.modified):
        return False
    return seen.status != "InService" or bool(_rings(site, deployment)) or bool(seen.failure)


def _release(site: Site, lease: Lease, wanted: Wanted) -> Verdict:
    state, chosen = planned(site, wanted)
    check(site.settings, state, chosen)
    for note in (chosen.title, *chosen.notes):
        site.say(note)
    earlier = lease.deployment if lease.deployment and lease.deployment.config == chosen.config_name else None
    if chosen.kind == "unchanged":
        execute((*chosen.calls, *chosen.after), site, lease.check)
        if earlier is None:
            return Verdict("unchanged", f"{wanted.package} is live on {site.endpoint} already, on {chosen.config_name}")
        return _verdict(site, lease, earlier, catch_up(site, earlier, _traffic(site, state, earlier)(), lease.check))
    resumed = earlier if chosen.kind == "resume" else None
    deployment = resumed or _begun(site, chosen, wanted)
    lease.note(deployment)
    _begin(site, lease, deployment, chosen)
    traffic = _traffic(site, state, deployment)
    final = _followed(site, lease, deployment, chosen, traffic())
    if (final.status, final.config) == ("InService", deployment.config):
        execute(chosen.after, site, lease.check)
        if resumed or _idle(site, deployment, final):
            final = catch_up(site, deployment, traffic(), lease.check)
    return _verdict(site, lease, deployment, final)


def _begin(site: Site, lease: Lease, deployment: Deployment, chosen: Plan) -> None:
    try:
        execute(chosen.calls, site, lease.check)
    except Exception:
        if chosen.replaces:
            with suppress(Exception):  # what stopped the deployment is told, and may stop this as well
                scale_again(site, lease, deployment)
        raise


def _idle(site: Site, deployment: Deployment, final: Look) -> bool:
    """Too few came by while it baked to say anything: it may have been over sooner than anybody looked."""
    if not deployment.shifts or site.settings.serving.kind != "realtime":
        return False
    green, _ = site.patiently(lambda: counted(site, deployment, final.at))
    return green.requests < site.settings.alarms.traffic_floor


def _look(site: Site) -> Look:
    return site.patiently(lambda: look(site.client("sagemaker"), site.endpoint))


def _begun(site: Site, chosen: Plan, wanted: Wanted) -> Deployment:
    seen = _look(site)
    resumed = chosen.kind == "resume"
    return Deployment(
        package=wanted.package,
        config=chosen.config_name,
        model=chosen.model_name,
        before="" if seen.status == "Creating" else seen.config,
        modified="" if resumed else seen.modified,
        since=seen.modified if resumed else seen.at.isoformat(),
        shifts=chosen.shifts,
        alarms=chosen.alarm_names,
        known_good=wanted.known_good,
        leaves=wanted.leaves,
    )


def _followed(site: Site, lease: Lease, deployment: Deployment, chosen: Plan, traffic: Traffic) -> Look:
    with _view(site) as view, traffic:
        final = Follower(site, deployment, chosen.watch, traffic, view, lease.check).follow()
    if traffic.counts.sent:
        site.say(f"bake traffic: {traffic.counts}")
    return final


def _traffic(site: Site, state: State, deployment: Deployment) -> Callable[[], Traffic]:
    """Each time it is asked anew; the recorded requests are read once, and only when there is something to compare."""
    recorded = samples.read(site, state.package).bodies() if deployment.shifts else []
    rate = site.settings.rollout.bake_requests_per_second
    return lambda: Traffic(site.client("sagemaker-runtime"), site.endpoint, recorded, rate)


def _view(site: Site) -> Any:
    if not sys.stdout.isatty():
        return Lines(site.say)
    from rich.console import Console

    return FleetsTable(Console())


def _verdict(site: Site, lease: Lease, deployment: Deployment, final: Look) -> Verdict:
    verdict = judge(deployment, site.patiently(lambda: _observed(site, deployment, final)))
    conclude(site, lease, deployment, verdict, final.at)
    return verdict


def _observed(site: Site, deployment: Deployment, final: Look) -> Observed:
    compared = None
    if deployment.shifts and site.settings.serving.kind == "realtime":
        green, blue = counted(site, deployment, final.at)
        compared = comparison.compare(green, blue, site.settings.alarms)
    states = alarm_history.states(site.client("cloudwatch"), deployment.alarms)
    return Observed(final.status, final.config, final.failure, _rings(site, deployment), states, compared)


def _rings(site: Site, deployment: Deployment) -> tuple[alarm_history.Ring, ...]:
    return alarm_history.rings(site.client("cloudwatch"), deployment.alarms, moment_of(deployment.since))
