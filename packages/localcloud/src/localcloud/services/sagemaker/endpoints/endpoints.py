"""Real-time endpoints: created, updated through a deployment, rescaled, deleted.

What a DeploymentConfig does stands in deployment/; the processes behind an endpoint in localcloud/hosting.
A fault makes the next rollback fail: ``{"operation": "sagemaker.RollbackEndpoint", "code": "...", "message": "why"}``.

Not reproduced: OutOfService and SystemUpdating; that AWS refuses to delete an endpoint that is Creating or Updating
(here it goes, and its deployment with it); the time that AWS takes to launch and terminate instances; image digests
(ResolvedImage is the image as given); quotas; AWS's own wording of why a deployment was rolled back.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from localcloud.core.service import operation
from localcloud.services.sagemaker.endpoints import checks as checks
from localcloud.services.sagemaker.endpoints import records as records
from localcloud.services.sagemaker.endpoints.deployment import stages
from localcloud.services.sagemaker.endpoints.endpoint_configs import CAPTURE, EndpointConfig, EndpointConfigs, invalid
from localcloud.services.sagemaker.endpoints.fleets import MakeFleet, Running, counts_of, kept, new_side, wanted_sizes
from localcloud.services.sagemaker.endpoints.listing import page, within
from localcloud.services.sagemaker.endpoints.records import Endpoint
from localcloud.services.sagemaker.endpoints.status import EndpointLife
from localcloud.services.sagemaker.hosting.fleet import Fleet
from localcloud.services.sagemaker.hosting.fleet_registry import FleetRegistry
from localcloud.services.sagemaker.hosting.routing import Routes

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

Request = dict[str, Any]
DELETING_SECONDS = 1
SILENT = (records.CREATING, records.FAILED)  # nothing answers then


class Endpoints(EndpointConfigs):
    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self.endpoints: dict[str, Endpoint] = {}  # by name, in the order of their creation
        self.fleets = FleetRegistry(cloud.folder / "endpoints")
        self.make_fleet: MakeFleet = partial(Fleet, cloud, self.fleets)
        # Application Auto Scaling sets it: is endpoint/<name>/variant/<name> registered?
        self.scalable_resources: Callable[[str], bool] = lambda _: False
        self._life = EndpointLife(cloud, lambda arn: self._tags.get(arn, {}))

    def reset(self) -> None:
        self._end_endpoints()
        self.fleets.reset()
        super().reset()

    def close(self) -> None:
        with self.cloud.lock:
            self._end_endpoints()
        self.fleets.close()
        super().close()

    def routes_of(self, name: str) -> Routes | None:
        """None while nothing answers: no such endpoint, or one that never came into service."""
        endpoint = self.endpoints.get(name)
        return endpoint.routes if endpoint and endpoint.status not in SILENT else None

    @operation("CreateEndpoint")
    def create_endpoint(self, request: Request) -> Request:
        name, arn = request["EndpointName"], self._endpoint_arn(request["EndpointName"])
        if name in self.endpoints:
            raise invalid(f'Cannot create already existing endpoint "{arn}".')
        config = self.find_endpoint_config(request["EndpointConfigName"])
        running, sizes, capture = self._running(config), wanted_sizes(config), config.request.get(CAPTURE)
        policy = copy.deepcopy(request.get("DeploymentConfig", {}))
        checks.deployment_config(policy, counts_of(sizes), self._life.alarms)
        now = self.cloud.clock.now()
        endpoint = Endpoint(name, arn, config.name, Routes(), now, now, deployment_config=policy)
        green = new_side(self.cloud, name, config.name, running, sizes, capture, self.make_fleet)
        self.endpoints[name] = endpoint
        self.tag(arn, request.get("Tags"))
        self._life.deploy(endpoint, stages.first(counts_of(sizes)), green, capture)
        return {"EndpointArn": arn}

    @operation("DescribeEndpoint")
    def describe_endpoint(self, request: Request) -> Request:
        return self.find_endpoint(request["EndpointName"]).description()

    @operation("ListEndpoints")
    def list_endpoints(self, request: Request) -> Request:
        def wanted(endpoint: Endpoint) -> bool:
            status = request.get("StatusEquals", endpoint.status)
            return bool(endpoint.status == status and within(endpoint.modified, request, "LastModifiedTime"))

        return page(self.endpoints.values(), request, "Endpoints", wanted, {"Status": lambda each: each.status})

    @operation("UpdateEndpoint")
    def update_endpoint(self, request: Request) -> Request:
        endpoint = self.find_endpoint(request["EndpointName"])
        live = checks.changeable(endpoint)
        config = self.find_endpoint_config(request["EndpointConfigName"])
        running, retained = self._running(config), kept(request)
        sizes = wanted_sizes(config, live, retained)
        last = endpoint.deployment_config if request.get("RetainDeploymentConfig") else None
        policy = copy.deepcopy(request.get("DeploymentConfig") or last or {})
        checks.deployment_config(policy, counts_of(sizes), self._life.alarms, live.members)
        checks.scaled_variants(endpoint, config, self.scalable_resources)
        capture = endpoint.capture if CAPTURE in retained else config.request.get(CAPTURE)
        green = new_side(self.cloud, endpoint.name, config.name, running, sizes, capture, self.make_fleet)
        endpoint.deployment_config = policy or endpoint.deployment_config
        plan = stages.plan(checks.guarded(policy, config), live.counts, counts_of(sizes))
        self._life.deploy(endpoint, plan, green, capture)
        return {"EndpointArn": endpoint.arn}

    @operation("UpdateEndpointWeightsAndCapacities")
    def update_endpoint_weights_and_capacities(self, request: Request) -> Request:
        endpoint = self.find_endpoint(request["EndpointName"])
        live = checks.changeable(endpoint)
        wanted = {each["VariantName"]: each for each in request["DesiredWeightsAndCapacities"]}
        checks.capacities(endpoint, live, wanted)
        self._life.scale(endpoint, live, wanted)
        return {"EndpointArn": endpoint.arn}

    @operation("DeleteEndpoint")
    def delete_endpoint(self, request: Request) -> None:
        endpoint = self.find_endpoint(request["EndpointName"])
        if endpoint.status == records.DELETING:
            raise checks.in_progress(endpoint)
        self._life.end(endpoint)
        self._life.enter(endpoint, records.DELETING)
        self.cloud.clock.after(DELETING_SECONDS, lambda: self._forget_endpoint(endpoint))

    def find_endpoint(self, name: str) -> Endpoint:
        if name not in self.endpoints:
            raise invalid(f'Could not find endpoint "{self._endpoint_arn(name)}".')
        return self.endpoints[name]

    def _endpoint_arn(self, name: str) -> str:
        return self.cloud.arn("sagemaker", f"endpoint/{name}")

    def _running(self, config: EndpointConfig) -> list[Running]:
        return [
            Running(each, self.container_of(each), self.find_model(each["ModelName"]).request["ExecutionRoleArn"])
            for each in config.variants
        ]

    def _forget_endpoint(self, endpoint: Endpoint) -> None:
        with self.cloud.lock:
            if self.endpoints.get(endpoint.name) is endpoint:
                del self.endpoints[endpoint.name]
                self.forget_tags(endpoint.arn)

    def _end_endpoints(self) -> None:
        for endpoint in self.endpoints.values():
            self._life.end(endpoint)
        self.endpoints.clear()
