"""Variants of endpoints, read and changed through SageMaker's operations."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from localcloud.core.refusal import Refusal
from localcloud.services.autoscaling.records import INSTANCES, NOUNS

RESOURCE = re.compile(r"endpoint/([^/]+)/variant/([^/]+)")
IN_SERVICE = "InService"
NOT_READY = ("Creating", "Failed", "Deleting")
Call = Callable[[str, dict[str, Any]], dict[str, Any]]


class VariantStatus(NamedTuple):
    status: str  # the endpoint's
    arn: str
    capacity: int  # the desired one: instances, or provisioned concurrency


class NoVariant(Exception):
    """Says whether the endpoint or its variant does not exist."""


class Variants:
    """``call`` is an operation of SageMaker, in process: ``call("DescribeEndpoint", request)``."""

    def __init__(self, call: Call) -> None:
        self._call = call

    def read(self, resource: str, dimension: str) -> VariantStatus:
        endpoint, name = _names(resource)
        try:
            response = self._call("DescribeEndpoint", {"EndpointName": endpoint})
        except Refusal as refusal:
            raise NoVariant(refusal.message) from None
        variants = (each for each in response.get("ProductionVariants", ()) if each["VariantName"] == name)
        capacity = _capacity(next(variants, {}), dimension)
        if capacity is None:
            kind = "instances" if dimension == INSTANCES else NOUNS[dimension]
            raise NoVariant(f"Endpoint {endpoint} ({response['EndpointStatus']}) has no variant {name} with {kind}.")
        return VariantStatus(response["EndpointStatus"], response.get("EndpointArn", endpoint), capacity)

    def change(self, resource: str, dimension: str, capacity: int) -> None:
        endpoint, name = _names(resource)
        concurrency = {"ServerlessUpdateConfig": {"ProvisionedConcurrency": capacity}}
        change = {"DesiredInstanceCount": capacity} if dimension == INSTANCES else concurrency
        request = {"EndpointName": endpoint, "DesiredWeightsAndCapacities": [{"VariantName": name, **change}]}
        self._call("UpdateEndpointWeightsAndCapacities", request)


def _capacity(variant: Mapping[str, Any], dimension: str) -> int | None:
    config = variant.get("DesiredServerlessConfig", variant.get("CurrentServerlessConfig", {}))
    instances = variant.get("DesiredInstanceCount", variant.get("CurrentInstanceCount"))
    capacity: int | None = instances if dimension == INSTANCES else config.get("ProvisionedConcurrency")
    return capacity


def is_variant(resource: str) -> bool:
    return RESOURCE.fullmatch(resource) is not None


def endpoint_of(resource: str) -> str:
    return _names(resource)[0]


def dimensions(resource: str) -> list[dict[str, str]]:
    """Of the variant's metrics."""
    endpoint, name = _names(resource)
    return [{"Name": "EndpointName", "Value": endpoint}, {"Name": "VariantName", "Value": name}]


def _names(resource: str) -> tuple[str, str]:
    match = RESOURCE.fullmatch(resource)
    if not match:
        raise NoVariant(f"{resource} is not endpoint/<name>/variant/<name>.")
    return match[1], match[2]
