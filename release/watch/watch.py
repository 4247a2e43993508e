"""Follows the endpoint to the end of its rollout: poll, judge, show, poll again."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Protocol

from aws.refusals import is_transient
from release.context import Context
from release.judgement.judgement import Decision
from release.kinds.kind import TrafficShift
from release.state import alarm_history
from release.state.aws_time import parse
from release.state.deployment import Deployment
from release.state.endpoint import EndpointStatus, read_endpoint
from release.watch.fleet_metrics import FleetMetrics, read_fleets
from release.watch.live_judgement import LiveJudgement
from settings.errors import Problem

GROWTH = 1.3
FAILED_POLLS = 60  # in a row, before the watch gives up
STALE_POLLS = 10  # in a row that do not show yet what was accepted
OVERHEAD = 3600  # seconds that SageMaker may take beyond the timeout to begin and to go back


@dataclass(frozen=True)
class Snapshot:
    endpoint: EndpointStatus
    alarms: Mapping[str, str]
    green: FleetMetrics
    blue: FleetMetrics
    sent: str  # known requests, and what became of them; "" for none
    left: float | None  # seconds until the last bake ends, by AWS's clock
    decision: Decision | None = None  # of the judgement


class View(Protocol):
    def show(self, snapshot: Snapshot) -> None: ...
    def show_error(self, error: Exception) -> None: ...


@dataclass
class Watch:
    context: Context
    deployment: Deployment
    shift: TrafficShift
    live: LiveJudgement
    view: View
    check: Callable[[], None] = lambda: None

    def follow(self) -> EndpointStatus:
        """Returns the endpoint when it no longer changes."""
        timing, wait, failed, stale, stage = self.context.timing, self.context.timing.first_poll, 0, 0, ""
        while True:
            self.check()
            try:
                snapshot = self._poll()
            except Exception as error:
                failed += 1
                if failed > FAILED_POLLS or not is_transient(error):
                    raise
                self.view.show_error(error)
            else:
                endpoint, failed = snapshot.endpoint, 0
                stale = stale + 1 if self._is_stale(endpoint) else 0
                self.view.show(snapshot)
                if not endpoint.changing and not 0 < stale <= STALE_POLLS:
                    return endpoint
                self._check_timeout(endpoint)
                same = stage == (stage := f"{endpoint.stage}{endpoint.since}")
                wait = min(wait * GROWTH, timing.longest_poll) if same else timing.first_poll
            self.context.sleep(wait)

    def _poll(self) -> Snapshot:
        endpoint = read_endpoint(self.context.client("sagemaker"), self.context.endpoint_name)
        green, blue = read_both_fleets(self.context, self.deployment, endpoint.at)
        states = alarm_history.states(self.context.client("cloudwatch"), self.deployment.alarms)
        left = time_left(endpoint, self.shift)
        decision = self.live.look(endpoint, endpoint.status == "Updating", states, left)
        return Snapshot(endpoint, states, green, blue, self.live.sent, left, decision)

    def _is_stale(self, endpoint: EndpointStatus) -> bool:
        """Does the endpoint not show the change yet?"""
        return (endpoint.config, endpoint.modified) == (self.deployment.before, self.deployment.modified)

    def _check_timeout(self, endpoint: EndpointStatus) -> None:
        elapsed = (endpoint.at - parse(self.deployment.since)).total_seconds()
        if elapsed > self.shift.timeout_seconds + OVERHEAD:
            raise Problem(
                f"endpoint {self.context.endpoint_name} is {endpoint.status} for {elapsed / 60:.0f} minutes, longer "
                "than any timeout of the rollout: inspect it in the SageMaker console; the same command continues "
                "to follow it"
            )


def read_both_fleets(context: Context, deployment: Deployment, until: datetime) -> tuple[FleetMetrics, FleetMetrics]:
    """The new fleet and the old one, since the deployment began."""
    configs = {"green": deployment.config, "blue": deployment.before}
    if deployment.before == deployment.config:
        configs["blue"] = ""
    cloudwatch = context.client("cloudwatch")
    fleets = read_fleets(cloudwatch, context.endpoint_name, configs, parse(deployment.since), until)
    return fleets["green"], fleets["blue"]


def time_left(endpoint: EndpointStatus, shift: TrafficShift) -> float | None:
    """None where it is unknown: instances start and stop as long as they need."""
    match = re.search(r"Baking for (\d+) seconds \((\w+)", endpoint.message)
    if not match or endpoint.since is None:
        return None
    this = max(0.0, int(match[1]) - (endpoint.at - endpoint.since).total_seconds())
    if match[2].startswith("Termination"):
        return this
    done = ceil((endpoint.share or 0) * 100 / shift.step_percent) or 1
    return this + max(0, shift.steps - done) * shift.wait_seconds + shift.termination_wait_seconds
