"""Following the endpoint to the end of its rollout: ask, show, keep the new fleet in traffic, ask again."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from math import ceil
from typing import Protocol

from aws.refusals import is_transient
from release.context import Site
from release.plan.rollout import Watch
from release.state.aws_time import read
from release.state.deployment import Deployment
from release.state.endpoint import Look, look
from release.verdict import alarm_history
from release.watch import fleet_metrics
from release.watch.fleet_metrics import Numbers
from release.watch.traffic import Counts, Traffic
from settings.errors import Problem

GROWTH = 1.3
PATIENCE = 60  # polls in a row without an answer
UNSEEN = 10  # polls in a row that do not show yet what was accepted
ENOUGH = 2  # times the floor: requests spread unevenly over the minutes
BESIDES = 3600  # seconds that SageMaker may take beyond the timeout to begin and to go back


@dataclass(frozen=True)
class Snapshot:
    look: Look
    alarms: Mapping[str, str]
    green: Numbers
    blue: Numbers
    sent: Counts
    left: float | None  # seconds until the last bake ends, by AWS's clock


class View(Protocol):
    def show(self, snapshot: Snapshot) -> None: ...
    def show_error(self, error: Exception) -> None: ...


@dataclass
class Follower:
    site: Site
    deployment: Deployment
    plan: Watch
    traffic: Traffic
    view: View
    check: Callable[[], None] = lambda: None
    _baking_since: datetime | None = field(default=None, init=False)

    def follow(self) -> Look:
        """The endpoint when it no longer moves."""
        pace, wait, unanswered, unseen, stage = self.site.pace, self.site.pace.first_poll, 0, 0, ""
        while True:
            self.check()
            try:
                snapshot = self._ask()
            except Exception as error:
                unanswered += 1
                if unanswered > PATIENCE or not is_transient(error):
                    raise
                self.view.show_error(error)
            else:
                seen, unanswered = snapshot.look, 0
                unseen = unseen + 1 if self._not_begun(seen) else 0
                self.view.show(snapshot)
                if not seen.moving and not 0 < unseen <= UNSEEN:
                    return seen
                self._bounded(seen)
                same = stage == (stage := f"{seen.stage}{seen.since}")
                wait = min(wait * GROWTH, pace.longest_poll) if same else pace.first_poll
            self.site.sleep(wait)

    def _ask(self) -> Snapshot:
        seen = look(self.site.client("sagemaker"), self.site.endpoint)
        cloudwatch = self.site.client("cloudwatch")
        green, blue = counted(self.site, self.deployment, seen.at)
        if seen.baking:
            self._baking_since = self._baking_since or seen.at
        self.traffic.drive(seen.baking and green.requests < self._wanted(seen.at))
        states = alarm_history.states(cloudwatch, self.deployment.alarms)
        return Snapshot(seen, states, green, blue, self.traffic.counts, left(seen, self.plan))

    def _wanted(self, at: datetime) -> float:
        """As many requests as the floor asks for in every period since the first bake began."""
        limits = self.site.settings.alarms
        passed = (at - (self._baking_since or at)).total_seconds()
        return ENOUGH * limits.traffic_floor * (1 + passed / limits.period_seconds)

    def _not_begun(self, seen: Look) -> bool:
        return (seen.config, seen.modified) == (self.deployment.before, self.deployment.modified)

    def _bounded(self, seen: Look) -> None:
        passed = (seen.at - read(self.deployment.since)).total_seconds()
        if passed > self.plan.timeout_seconds + BESIDES:
            raise Problem(
                f"endpoint {self.site.endpoint} is {seen.status} for {passed / 60:.0f} minutes, longer than any "
                "timeout of the rollout: look at it in the SageMaker console; the same command follows it again"
            )


def counted(site: Site, deployment: Deployment, until: datetime) -> tuple[Numbers, Numbers]:
    """The new fleet and the old one, since the deployment began."""
    configs = {"green": deployment.config, "blue": deployment.before}
    if deployment.before == deployment.config:
        configs["blue"] = ""
    statistic, since = site.settings.alarms.latency_statistic, read(deployment.since)
    found = fleet_metrics.fleets(site.client("cloudwatch"), site.endpoint, configs, statistic, since, until)
    return found["green"], found["blue"]


def left(seen: Look, plan: Watch) -> float | None:
    """None where nobody knows: instances start and leave as long as they need."""
    said = re.search(r"Baking for (\d+) seconds \((\w+)", seen.message)
    if not said or seen.since is None:
        return None
    this = max(0.0, int(said[1]) - (seen.at - seen.since).total_seconds())
    if said[2].startswith("Termination"):
        return this
    done = ceil((seen.share or 0) * 100 / plan.step_percent) or 1
    return this + max(0, plan.steps - done) * plan.wait_seconds + plan.termination_wait_seconds
