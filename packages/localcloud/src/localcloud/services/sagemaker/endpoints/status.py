"""How an endpoint's status follows its deployments and rescalings, and who hears of it. All of it under the lock."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from localcloud.services.cloudwatch.service import CloudWatch
from localcloud.services.sagemaker.endpoints import events as announcements
from localcloud.services.sagemaker.endpoints import records as records
from localcloud.services.sagemaker.endpoints.capacity import Scaling, Wanted
from localcloud.services.sagemaker.endpoints.deployment import machine
from localcloud.services.sagemaker.endpoints.deployment.machine import Deployment
from localcloud.services.sagemaker.endpoints.deployment.side import Side
from localcloud.services.sagemaker.endpoints.deployment.stages import Plan
from localcloud.services.sagemaker.endpoints.deployment.traffic import shares
from localcloud.services.sagemaker.endpoints.records import Endpoint

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

ROLLBACK = "sagemaker.RollbackEndpoint"  # no operation of AWS's API: only faults know it
NOBODY = Side("")


class EndpointLife:
    def __init__(self, cloud: Cloud, tags: Callable[[str], Mapping[str, str]]) -> None:
        self.cloud, self.tags = cloud, tags

    @property
    def alarms(self) -> Mapping[str, Any]:
        """By name."""
        return self.cloud.service(CloudWatch).alarms if CloudWatch.name in self.cloud.services else {}

    def deploy(self, endpoint: Endpoint, plan: Plan, green: Side, capture: Mapping[str, Any] | None) -> None:
        """The first one creates the endpoint."""
        endpoint.deployment = Deployment(
            plan,
            endpoint.live or NOBODY,
            green,
            clock=self.cloud.clock,
            lock=self.cloud.lock,
            route=endpoint.routes.set,
            tripped=self._tripped,
            told=lambda what: self._deployed(endpoint, what, capture),
            broken=self._broken,
        )
        self.enter(endpoint, records.UPDATING if endpoint.live else records.CREATING)
        endpoint.deployment.begin()

    def scale(self, endpoint: Endpoint, side: Side, wanted: Wanted) -> None:
        done = partial(self._scaled, endpoint, side, endpoint.status)
        endpoint.scaling = Scaling(side, wanted, self.cloud.clock.now(), done)
        self.enter(endpoint, records.UPDATING)
        endpoint.scaling.begin()

    def end(self, endpoint: Endpoint) -> None:
        """All its fleets leave, whatever goes on."""
        endpoint.routes.set(())
        if endpoint.scaling:
            endpoint.scaling.abort()
        if endpoint.deployment:
            endpoint.deployment.abort()
        endpoint.deployment = endpoint.scaling = None
        if endpoint.live:
            endpoint.live.stop()
        self._stop_left(endpoint)

    def enter(self, endpoint: Endpoint, status: str, reason: str = "") -> None:
        endpoint.status, endpoint.reason, endpoint.modified = status, reason, self.cloud.clock.now()
        announcements.endpoint_changed(self.cloud, endpoint, self.tags(endpoint.arn))

    def _deployed(self, endpoint: Endpoint, what: str, capture: Mapping[str, Any] | None) -> None:
        deployment, created = endpoint.deployment, endpoint.live is None
        if deployment is None:
            return
        if what == machine.STAGE:
            endpoint.modified = self.cloud.clock.now()
            announcements.deployment_changed(self.cloud, endpoint, self.tags(endpoint.arn))
        elif what == machine.ROLLING_BACK:
            if not created:
                self.enter(endpoint, records.ROLLING_BACK, deployment.reason)
        else:
            endpoint.deployment = None
            status = self._concluded(endpoint, deployment, what, capture)
            self.enter(endpoint, status, deployment.reason)

    def _concluded(
        self, endpoint: Endpoint, deployment: Deployment, outcome: str, capture: Mapping[str, Any] | None
    ) -> str:
        """The status it ends with."""
        if outcome == machine.ROLLED_BACK:
            return records.IN_SERVICE if endpoint.live else records.FAILED
        if outcome == machine.ROLLBACK_FAILED:
            self._keep_what_serves(endpoint, deployment)
            return records.ROLLBACK_FAILED
        self._stop_left(endpoint)
        endpoint.live, endpoint.config_name = deployment.green, deployment.green.config_name
        endpoint.capture = capture
        return records.IN_SERVICE

    def _keep_what_serves(self, endpoint: Endpoint, deployment: Deployment) -> None:
        """Both sides stay, as on AWS; the next deployment starts from one that answers."""
        blue, green = deployment.blue, deployment.green
        if not blue.serves and green.serves:
            endpoint.live = green
            endpoint.left.append(blue)
            endpoint.routes.set(shares(NOBODY, green, {}))
        else:
            endpoint.left.append(green)

    def _scaled(self, endpoint: Endpoint, side: Side, before: str, why: str) -> None:
        """When an instance cannot be had, as on AWS: back to the capacity and weights of before."""
        endpoint.scaling = None
        endpoint.routes.set(shares(NOBODY, side, {}))
        if why:
            self.enter(endpoint, records.ROLLING_BACK, why)
        self.enter(endpoint, before, why)

    def _tripped(self, names: Iterable[str]) -> list[str]:
        alarms = self.alarms
        return [name for name in names if name in alarms and alarms[name].state.value == "ALARM"]

    def _broken(self) -> str:
        fault = self.cloud.faults.next_call(ROLLBACK)
        return fault.message if fault else ""

    def _stop_left(self, endpoint: Endpoint) -> None:
        for side in endpoint.left:
            side.stop()
        endpoint.left.clear()
