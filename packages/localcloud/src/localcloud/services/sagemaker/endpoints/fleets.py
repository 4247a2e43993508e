"""The fleets that an endpoint config asks for, and what an update keeps of the running ones."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from localcloud.services.sagemaker.endpoints.deployment.side import Member, Side
from localcloud.services.sagemaker.endpoints.endpoint_configs import CAPTURE, EndpointConfig
from localcloud.services.sagemaker.hosting.data_capture import DataCapture
from localcloud.services.sagemaker.hosting.fleet import Fleet

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

MakeFleet = Callable[..., Fleet]
Sizes = dict[str, tuple[int, float]]  # instances and weight by variant
COUNT, WEIGHT = "DesiredInstanceCount", "DesiredWeight"  # VariantPropertyType, as CAPTURE is


class Running(NamedTuple):
    """What is to run for a variant: its container and the role of its model."""

    variant: Mapping[str, Any]
    container: Mapping[str, Any]
    role: str


def kept(request: Mapping[str, Any]) -> frozenset[str]:
    """The properties that an UpdateEndpoint retains."""
    if not request.get("RetainAllVariantProperties"):
        return frozenset()
    excluded = {each["VariantPropertyType"] for each in request.get("ExcludeRetainedVariantProperties", ())}
    return frozenset({COUNT, WEIGHT, CAPTURE} - excluded)


def wanted_sizes(config: EndpointConfig, live: Side | None = None, kept: Container[str] = ()) -> Sizes:
    """The config's, or those of the running variant of the same name."""
    sizes: Sizes = {}
    for variant in config.variants:
        old = live.members.get(variant["VariantName"]) if live else None
        count = old.desired if old and COUNT in kept else int(variant["InitialInstanceCount"])
        weight = old.weight if old and WEIGHT in kept else float(variant["InitialVariantWeight"])
        sizes[variant["VariantName"]] = (count, weight)
    return sizes


def counts_of(sizes: Sizes) -> dict[str, int]:
    return {name: count for name, (count, _) in sizes.items()}


def new_side(
    cloud: Cloud,
    endpoint: str,
    config_name: str,
    running: Iterable[Running],
    sizes: Sizes,
    capture: Mapping[str, Any] | None,
    make: MakeFleet,
) -> Side:
    """With nothing started yet."""
    made = Side(config_name)
    for each in running:
        name = each.variant["VariantName"]
        count, weight = sizes[name]
        fleet = make(
            endpoint=endpoint,
            variant=each.variant,
            config_name=config_name,
            container=each.container,
            role_arn=each.role,
            capture=DataCapture.from_config(cloud, capture, endpoint, name) if capture else None,
        )
        made.members[name] = Member(each.variant, fleet, each.container, weight, count)
    return made
