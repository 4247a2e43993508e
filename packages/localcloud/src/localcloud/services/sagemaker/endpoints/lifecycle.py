"""An endpoint's status, by its deployments and changes of capacity, and its events. All of it under the lock."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from localcloud.services.sagemaker.endpoints import records
from localcloud.services.sagemaker.endpoints.deployment import machine
from localcloud.services.sagemaker.endpoints.deployment.machine import Deployment
from localcloud.services.sagemaker.endpoints.deployment.side import Side
from localcloud.services.sagemaker.endpoints.deployment.stages import Plan
from localcloud.services.sagemaker.endpoints.deployment.traffic import shares
from localcloud.services.sagemaker.endpoints.events import emit_deployment_change, emit_state_change
from localcloud.services.sagemaker.endpoints.records import Endpoint
from localcloud.services.sagemaker.endpoints.scaling import Desired, Scaling
from localcloud.services.sagemaker.tags import Tags

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

ROLLBACK = "sagemaker.RollbackEndpoint"  # not an operation of AWS's API: only faults know it
EMPTY = Side("")


class EndpointLifecycle:
    def __init__(self, cloud: Cloud, tags: Tags) -> None:
        self.cloud, self._tags = cloud, tags
        self.alarm_states: Callable[[], Mapping[str, str]] = dict  # by alarm; set when CloudWatch is connected

    def deploy(self, endpoint: Endpoint, plan: Plan, green: Side, capture: Mapping[str, Any] | None) -> None:
        """The first one creates the endpoint."""
        endpoint.deployment = Deployment(
            plan,
            endpoint.live or EMPTY,
            green,
            clock=self.cloud.clock,
            lock=self.cloud.lock,
            route=endpoint.routes.set,
            active_alarms=self._active_alarms,
            on_change=lambda change: self._on_change(endpoint, change, capture),
            rollback_fault=self._rollback_fault,
        )
        self.enter(endpoint, records.UPDATING if endpoint.live else records.CREATING)
        endpoint.deployment.begin()

    def scale(self, endpoint: Endpoint, side: Side, desired: Desired) -> None:
        done = partial(self._on_scaled, endpoint, side, endpoint.status)
        endpoint.scaling = Scaling(side, desired, self.cloud.clock.now(), done)
        self.enter(endpoint, records.UPDATING)
        endpoint.scaling.begin()

    def end(self, endpoint: Endpoint) -> None:
        """Stops all its fleets, in whatever state it is."""
        endpoint.routes.set(())
        if endpoint.scaling:
            endpoint.scaling.abort()
        if endpoint.deployment:
            endpoint.deployment.abort()
        endpoint.deployment = endpoint.scaling = None
        if endpoint.live:
            endpoint.live.stop()
        _stop_leftovers(endpoint)

    def enter(self, endpoint: Endpoint, status: str, reason: str = "") -> None:
        endpoint.status, endpoint.reason, endpoint.modified = status, reason, self.cloud.clock.now()
        emit_state_change(self.cloud.emit, endpoint, self._tags.of(endpoint.arn))

    def _on_change(self, endpoint: Endpoint, change: str, capture: Mapping[str, Any] | None) -> None:
        deployment, is_new = endpoint.deployment, endpoint.live is None
        if deployment is None:
            return
        if change == machine.STAGE:
            endpoint.modified = self.cloud.clock.now()
            emit_deployment_change(self.cloud.emit, endpoint, self._tags.of(endpoint.arn))
        elif change == machine.ROLLING_BACK:
            if not is_new:
                self.enter(endpoint, records.ROLLING_BACK, deployment.reason)
        else:
            endpoint.deployment = None
            status = _conclude(endpoint, deployment, change, capture)
            self.enter(endpoint, status, deployment.reason)

    def _on_scaled(self, endpoint: Endpoint, side: Side, before: str, failure: str) -> None:
        """On a failure, as on AWS, capacity and weights are what they were before."""
        endpoint.scaling = None
        endpoint.routes.set(shares(EMPTY, side, {}))
        if failure:
            self.enter(endpoint, records.ROLLING_BACK, failure)
        self.enter(endpoint, before, failure)

    def _active_alarms(self, names: Iterable[str]) -> list[str]:
        states = self.alarm_states()
        return [name for name in names if states.get(name) == "ALARM"]

    def _rollback_fault(self) -> str:
        fault = self.cloud.faults.next_call(ROLLBACK)
        return fault.message if fault else ""


def _conclude(endpoint: Endpoint, deployment: Deployment, outcome: str, capture: Mapping[str, Any] | None) -> str:
    """Returns the status in which the deployment leaves the endpoint."""
    if outcome == machine.ROLLED_BACK:
        return records.IN_SERVICE if endpoint.live else records.FAILED
    if outcome == machine.ROLLBACK_FAILED:
        _keep_both_sides(endpoint, deployment)
        return records.ROLLBACK_FAILED
    _stop_leftovers(endpoint)
    endpoint.live, endpoint.config_name = deployment.green, deployment.green.config_name
    endpoint.capture = capture
    return records.IN_SERVICE


def _keep_both_sides(endpoint: Endpoint, deployment: Deployment) -> None:
    """As on AWS; the next deployment starts from one that serves."""
    blue, green = deployment.blue, deployment.green
    if not blue.serves and green.serves:
        endpoint.live = green
        endpoint.leftovers.append(blue)
        endpoint.routes.set(shares(EMPTY, green, {}))
    else:
        endpoint.leftovers.append(green)


def _stop_leftovers(endpoint: Endpoint) -> None:
    for side in endpoint.leftovers:
        side.stop()
    endpoint.leftovers.clear()
