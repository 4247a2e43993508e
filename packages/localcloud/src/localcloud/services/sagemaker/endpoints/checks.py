"""What AWS refuses an endpoint's operations for, beyond their shapes."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from typing import Any

from localcloud.core.refusal import Refusal, not_implemented
from localcloud.services.sagemaker.endpoints.capacity import Wanted
from localcloud.services.sagemaker.endpoints.deployment import policy
from localcloud.services.sagemaker.endpoints.deployment.side import Side
from localcloud.services.sagemaker.endpoints.endpoint_configs import EndpointConfig, invalid
from localcloud.services.sagemaker.endpoints.records import FAILED, IN_SERVICE, ROLLBACK_FAILED, Endpoint

INF1 = "ml.inf1."


def changeable(endpoint: Endpoint) -> Side:
    """What serves. A failed endpoint can only be deleted; after a failed rollback another update is the way out."""
    if endpoint.status == FAILED:
        raise invalid(f'Endpoint "{endpoint.arn}" is Failed: it can only be deleted.')
    if endpoint.status not in (IN_SERVICE, ROLLBACK_FAILED) or endpoint.live is None:
        raise in_progress(endpoint)
    return endpoint.live


def in_progress(endpoint: Endpoint) -> Refusal:
    return invalid(f'Cannot update in-progress endpoint "{endpoint.arn}".')


def deployment_config(
    config: Mapping[str, Any], new: Mapping[str, int], alarms: Container[str], old: Container[str] | None = None
) -> None:
    """``old`` are the variants of the endpoint that is updated."""
    for problem in policy.problems(config, new, alarms):
        raise invalid(problem)
    if old is not None:
        for problem in policy.update_problems(config, old, new):
            raise invalid(problem)


def guarded(config: Mapping[str, Any], wanted: EndpointConfig) -> Mapping[str, Any]:
    """AWS updates Inf1 variants all at once and without a bake, whatever was asked for, and says nothing."""
    return {} if any(variant["InstanceType"].startswith(INF1) for variant in wanted.variants) else config


def scaled_variants(endpoint: Endpoint, wanted: EndpointConfig, scalable: Callable[[str], bool]) -> None:
    """Under a registered scalable target neither the variant may go nor its instance type change."""
    types = {variant["VariantName"]: variant["InstanceType"] for variant in wanted.variants}
    members = endpoint.live.members if endpoint.live else {}
    held = [
        name
        for name, member in members.items()
        if types.get(name) != member.variant["InstanceType"] and scalable(f"endpoint/{endpoint.name}/variant/{name}")
    ]
    if held:
        raise invalid(
            f'The variant(s) "{held}" must be deregistered as scalable targets with AWS Auto Scaling before they can '
            "be removed or have their instance type updated."
        )


def capacities(endpoint: Endpoint, live: Side, wanted: Wanted) -> None:
    for name, each in wanted.items():
        if name not in live.members:
            raise invalid(f'Could not find variant "{name}" of endpoint "{endpoint.arn}".')
        if "ServerlessUpdateConfig" in each:
            raise not_implemented("A serverless variant (ServerlessUpdateConfig)")
        if each.get("DesiredInstanceCount", 1) < 1:
            raise invalid(f"DesiredInstanceCount of variant {name} must be at least 1.")
