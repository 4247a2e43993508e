"""What AWS refuses an endpoint's operations for, beyond its model of their requests."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from typing import Any

from localcloud.core.refusal import Refusal
from localcloud.services.sagemaker.endpoints import serverless
from localcloud.services.sagemaker.endpoints.deployment import policy
from localcloud.services.sagemaker.endpoints.deployment.side import Side
from localcloud.services.sagemaker.endpoints.endpoint_configs import EndpointConfig
from localcloud.services.sagemaker.endpoints.records import FAILED, IN_SERVICE, ROLLBACK_FAILED, Endpoint
from localcloud.services.sagemaker.endpoints.scaling import Desired
from localcloud.services.sagemaker.refusals import invalid

INF1 = "ml.inf1."


def changeable(endpoint: Endpoint) -> Side:
    """The serving side. A failed endpoint can only be deleted; after a failed rollback an update is the way out."""
    if endpoint.status == FAILED:
        raise invalid(f'Endpoint "{endpoint.arn}" is Failed: it can only be deleted.')
    if endpoint.status not in (IN_SERVICE, ROLLBACK_FAILED) or endpoint.live is None:
        raise in_progress(endpoint)
    return endpoint.live


def in_progress(endpoint: Endpoint) -> Refusal:
    return invalid(f'Cannot update in-progress endpoint "{endpoint.arn}".')


def check_kind(live: Side, new: EndpointConfig, policy: Mapping[str, Any]) -> None:
    for problem in serverless.update_problems([each.variant for each in live.members.values()], new.variants, policy):
        raise invalid(problem)


def check_deployment_config(
    config: Mapping[str, Any], new: Mapping[str, int], alarms: Container[str], old: Container[str] | None = None
) -> None:
    """``old`` are the variants of an endpoint that is updated."""
    for problem in policy.problems(config, new, alarms):
        raise invalid(problem)
    if old is not None:
        for problem in policy.update_problems(config, old, new):
            raise invalid(problem)


def effective_policy(config: Mapping[str, Any], new: EndpointConfig) -> Mapping[str, Any]:
    """AWS silently updates Inf1 variants all at once and without a bake, whatever the DeploymentConfig."""
    return {} if any(variant.get("InstanceType", "").startswith(INF1) for variant in new.variants) else config


def check_scalable_targets(endpoint: Endpoint, new: EndpointConfig, is_target: Callable[[str], bool]) -> None:
    """A variant that is a scalable target can neither be removed nor change its instance type."""
    types = {variant["VariantName"]: variant.get("InstanceType") for variant in new.variants}
    members = endpoint.live.members if endpoint.live else {}
    changed = [name for name, member in members.items() if types.get(name) != member.variant.get("InstanceType")]
    targets = [name for name in changed if is_target(f"endpoint/{endpoint.name}/variant/{name}")]
    if targets:
        raise invalid(
            f'The variant(s) "{targets}" must be deregistered as scalable targets with AWS Auto Scaling before they '
            "can be removed or have their instance type updated."
        )


def check_capacities(endpoint: Endpoint, live: Side, desired: Desired) -> None:
    for name, each in desired.items():
        if name not in live.members:
            raise invalid(f'Could not find variant "{name}" of endpoint "{endpoint.arn}".')
        for problem in serverless.capacity_problems(name, live.members[name].serverless, each):
            raise invalid(problem)
        if each.get("DesiredInstanceCount", 1) < 1:
            raise invalid(f"DesiredInstanceCount of variant {name} must be at least 1.")
