"""Recorded requests for a new fleet that is live already and had too few: its run was interrupted, or it was idle."""

from __future__ import annotations

from collections.abc import Callable

from release.context import Site
from release.state.deployment import Deployment
from release.state.endpoint import Look, look
from release.watch.traffic import Traffic
from release.watch.watch import ENOUGH, counted

MINUTES = 5  # by AWS's clock: its metrics come late


def catch_up(site: Site, deployment: Deployment, traffic: Traffic, check: Callable[[], None]) -> Look:
    """The endpoint afterwards. What cannot be sent is not waited for."""
    began, wanted = None, ENOUGH * site.settings.alarms.traffic_floor
    with traffic:
        while True:
            check()
            seen = site.patiently(lambda: look(site.client("sagemaker"), site.endpoint))
            began = began or seen.at
            late = (seen.at - began).total_seconds() > 60 * MINUTES
            vain = late or not traffic.possible or seen.config != deployment.config
            if vain or _requests(site, deployment, seen) >= wanted:
                return seen
            traffic.drive(traffic.counts.sent < wanted)
            site.sleep(site.pace.first_poll)


def _requests(site: Site, deployment: Deployment, seen: Look) -> int:
    return site.patiently(lambda: counted(site, deployment, seen.at))[0].requests
