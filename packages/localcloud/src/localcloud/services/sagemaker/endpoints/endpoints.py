"""Endpoints, real-time and serverless: created, updated through a deployment, rescaled, deleted.

``deployment`` has what a DeploymentConfig does, ``hosting`` the processes behind an endpoint.
A fault makes the next rollback fail: ``{"operation": "sagemaker.RollbackEndpoint", "code": "...", "message": "why"}``.

Not reproduced: OutOfService and SystemUpdating; that AWS refuses to delete an endpoint that is Creating or Updating
(here it is deleted, and its deployment ends); the time that AWS takes to launch and terminate instances; image digests
(ResolvedImage is the image as given); quotas; AWS's own wording of why a deployment was rolled back.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from localcloud.core.service import Part, operation
from localcloud.services.sagemaker import execution_roles
from localcloud.services.sagemaker.endpoints import checks, records
from localcloud.services.sagemaker.endpoints.deployment import stages
from localcloud.services.sagemaker.endpoints.deployment.side import Side
from localcloud.services.sagemaker.endpoints.endpoint_configs import CAPTURE, EndpointConfig, EndpointConfigs
from localcloud.services.sagemaker.endpoints.lifecycle import EndpointLifecycle
from localcloud.services.sagemaker.endpoints.listing import page
from localcloud.services.sagemaker.endpoints.records import Endpoint
from localcloud.services.sagemaker.endpoints.sides import (
    FleetFactory,
    Sizes,
    VariantPlan,
    counts_of,
    desired_sizes,
    new_side,
    retained_properties,
)
from localcloud.services.sagemaker.hosting.fleet_registry import FleetRegistry
from localcloud.services.sagemaker.hosting.routing import Routes
from localcloud.services.sagemaker.hosting.serverless_fleet import new_fleet
from localcloud.services.sagemaker.listing import within
from localcloud.services.sagemaker.refusals import invalid
from localcloud.services.sagemaker.tags import Tags

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

Request = dict[str, Any]
DELETING_SECONDS = 1
NOT_SERVING = (records.CREATING, records.FAILED)


class Endpoints(Part):
    def __init__(self, cloud: Cloud, tags: Tags, configs: EndpointConfigs, fleets: FleetRegistry) -> None:
        self.cloud, self._tags, self._configs = cloud, tags, configs
        self._endpoints: dict[str, Endpoint] = {}  # by name, in the order of their creation
        self.new_fleet: FleetFactory = partial(new_fleet, cloud, fleets)
        # Whether endpoint/<name>/variant/<name> is a scalable target; set by Application Auto Scaling.
        self.is_scalable_target: Callable[[str], bool] = lambda _: False
        self.lifecycle = EndpointLifecycle(cloud, tags)

    def reset(self) -> None:
        self._end_all()

    def close(self) -> None:
        with self.cloud.lock:
            self._end_all()

    def routes_of(self, name: str) -> Routes | None:
        """None without an endpoint that has come into service. Called without the lock."""
        endpoint = self._endpoints.get(name)
        return endpoint.routes if endpoint and endpoint.status not in NOT_SERVING else None

    @operation("CreateEndpoint")
    def create_endpoint(self, request: Request) -> Request:
        name, arn = request["EndpointName"], self._arn(request["EndpointName"])
        if name in self._endpoints:
            raise invalid(f'Cannot create already existing endpoint "{arn}".')
        config = self._configs.find(request["EndpointConfigName"])
        plans, sizes, capture = self._plans(config), desired_sizes(config), config.request.get(CAPTURE)
        policy = copy.deepcopy(request.get("DeploymentConfig", {}))
        checks.check_deployment_config(policy, counts_of(sizes), self.lifecycle.alarm_states())
        self._check_alarm_permission(arn, policy, plans)
        now = self.cloud.clock.now()
        endpoint = Endpoint(name, arn, config.name, Routes(), now, now, deployment_config=policy)
        green = new_side(self.cloud, name, config.name, plans, sizes, capture, self.new_fleet)
        self._endpoints[name] = endpoint
        self._tags.put(arn, request.get("Tags"))
        self.lifecycle.deploy(endpoint, stages.first(counts_of(sizes)), green, capture)
        return {"EndpointArn": arn}

    @operation("DescribeEndpoint")
    def describe_endpoint(self, request: Request) -> Request:
        return self._find(request["EndpointName"]).description()

    @operation("ListEndpoints")
    def list_endpoints(self, request: Request) -> Request:
        def matches(endpoint: Endpoint) -> bool:
            status = request.get("StatusEquals", endpoint.status)
            return bool(endpoint.status == status and within(endpoint.modified, request, "LastModifiedTime"))

        return page(self._endpoints.values(), request, "Endpoints", matches, {"Status": lambda each: each.status})

    @operation("UpdateEndpoint")
    def update_endpoint(self, request: Request) -> Request:
        endpoint = self._find(request["EndpointName"])
        live = checks.changeable(endpoint)
        config = self._configs.find(request["EndpointConfigName"])
        plans, retained = self._plans(config), retained_properties(request)
        sizes = desired_sizes(config, live, retained)
        policy = self._policy(request, endpoint, sizes, live)
        checks.check_kind(live, config, policy)
        self._check_alarm_permission(endpoint.arn, policy, plans)
        checks.check_scalable_targets(endpoint, config, self.is_scalable_target)
        capture = endpoint.capture if CAPTURE in retained else config.request.get(CAPTURE)
        green = new_side(self.cloud, endpoint.name, config.name, plans, sizes, capture, self.new_fleet)
        endpoint.deployment_config = policy or endpoint.deployment_config
        plan = stages.plan(checks.effective_policy(policy, config), live.counts, counts_of(sizes))
        self.lifecycle.deploy(endpoint, plan, green, capture)
        return {"EndpointArn": endpoint.arn}

    @operation("UpdateEndpointWeightsAndCapacities")
    def update_endpoint_weights_and_capacities(self, request: Request) -> Request:
        endpoint = self._find(request["EndpointName"])
        live = checks.changeable(endpoint)
        desired = {each["VariantName"]: each for each in request["DesiredWeightsAndCapacities"]}
        checks.check_capacities(endpoint, live, desired)
        self.lifecycle.scale(endpoint, live, desired)
        return {"EndpointArn": endpoint.arn}

    @operation("DeleteEndpoint")
    def delete_endpoint(self, request: Request) -> None:
        endpoint = self._find(request["EndpointName"])
        if endpoint.status == records.DELETING:
            raise checks.in_progress(endpoint)
        self.lifecycle.end(endpoint)
        self.lifecycle.enter(endpoint, records.DELETING)
        self.cloud.clock.after(DELETING_SECONDS, lambda: self._remove(endpoint))

    def _find(self, name: str) -> Endpoint:
        if name not in self._endpoints:
            raise invalid(f'Could not find endpoint "{self._arn(name)}".')
        return self._endpoints[name]

    def _policy(self, request: Request, endpoint: Endpoint, sizes: Sizes, live: Side) -> Request:
        """The DeploymentConfig of an update."""
        last = endpoint.deployment_config if request.get("RetainDeploymentConfig") else None
        policy: Request = copy.deepcopy(request.get("DeploymentConfig") or dict(last or {}))
        checks.check_deployment_config(policy, counts_of(sizes), self.lifecycle.alarm_states(), live.members)
        return policy

    def _check_alarm_permission(self, arn: str, policy: Request, plans: list[VariantPlan]) -> None:
        """AWS documents that the execution role needs it, but not when: here before anything is launched."""
        alarms = [alarm["AlarmName"] for alarm in policy.get("AutoRollbackConfiguration", {}).get("Alarms", ())]
        for role in {plan.role for plan in plans} if alarms else ():
            principal = execution_roles.assume(self.cloud, role, arn)
            self.cloud.access.authorize(principal, "cloudwatch", "DescribeAlarms", {"AlarmNames": alarms})

    def _plans(self, config: EndpointConfig) -> list[VariantPlan]:
        configs = self._configs
        return [VariantPlan(each, configs.container_of(each), configs.role_of(each)) for each in config.variants]

    def _remove(self, endpoint: Endpoint) -> None:
        with self.cloud.lock:
            if self._endpoints.get(endpoint.name) is endpoint:
                del self._endpoints[endpoint.name]
                self._tags.delete(endpoint.arn)

    def _end_all(self) -> None:
        for endpoint in self._endpoints.values():
            self.lifecycle.end(endpoint)
        self._endpoints.clear()

    def _arn(self, name: str) -> str:
        return self.cloud.arn("sagemaker", f"endpoint/{name}")
