"""A variant of an endpoint, as Application Auto Scaling sees and changes it: through SageMaker's own operations."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, cast

from localcloud.core.refusal import Refusal

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud
    from localcloud.services.sagemaker.part import Part

RESOURCE = re.compile(r"endpoint/([^/]+)/variant/([^/]+)")
IN_SERVICE = "InService"
NOT_YET = ("Creating", "Failed", "Deleting")


class Reading(NamedTuple):
    status: str  # the endpoint's
    arn: str
    instances: int  # that the variant has, or is to have


class Unreadable(Exception):
    """There is no such variant; the message says which part of it."""


def read(cloud: Cloud, resource: str) -> Reading:
    endpoint, name = _parts(resource)
    try:
        told = _sagemaker(cloud).call("DescribeEndpoint", {"EndpointName": endpoint})
    except Refusal as refusal:
        raise Unreadable(refusal.message) from None
    variants = (each for each in told.get("ProductionVariants", ()) if each["VariantName"] == name)
    variant: dict[str, int] = next(variants, {})
    count = variant.get("DesiredInstanceCount", variant.get("CurrentInstanceCount"))
    if count is None:
        raise Unreadable(f"Endpoint {endpoint} ({told['EndpointStatus']}) has no variant {name} with instances.")
    return Reading(told["EndpointStatus"], told.get("EndpointArn", endpoint), count)


def change(cloud: Cloud, resource: str, count: int) -> None:
    endpoint, name = _parts(resource)
    wanted = [{"VariantName": name, "DesiredInstanceCount": count}]
    request = {"EndpointName": endpoint, "DesiredWeightsAndCapacities": wanted}
    _sagemaker(cloud).call("UpdateEndpointWeightsAndCapacities", request)


def is_variant(resource: str) -> bool:
    return RESOURCE.fullmatch(resource) is not None


def dimensions(resource: str) -> list[dict[str, str]]:
    """Of the variant's metrics."""
    endpoint, name = _parts(resource)
    return [{"Name": "EndpointName", "Value": endpoint}, {"Name": "VariantName", "Value": name}]


def _parts(resource: str) -> tuple[str, str]:
    found = RESOURCE.fullmatch(resource)
    if not found:
        raise Unreadable(f"{resource} is not endpoint/<name>/variant/<name>.")
    return found[1], found[2]


def _sagemaker(cloud: Cloud) -> Part:
    return cast("Part", cloud.services["sagemaker"])
