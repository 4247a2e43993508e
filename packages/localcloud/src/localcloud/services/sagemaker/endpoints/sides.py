"""A new side of a deployment: the fleets of an endpoint config, and what an update keeps of the running ones."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from localcloud.services.sagemaker.endpoints.deployment.side import Member, Side
from localcloud.services.sagemaker.endpoints.endpoint_configs import CAPTURE, EndpointConfig
from localcloud.services.sagemaker.hosting.data_capture import DataCapture
from localcloud.services.sagemaker.hosting.fleet import Fleet
from localcloud.services.sagemaker.hosting.model_session import ModelSession
from localcloud.services.sagemaker.hosting.serverless_fleet import SERVERLESS
from localcloud.services.sagemaker.image_registry import resolved_image

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

FleetFactory = Callable[..., Fleet]  # with Fleet's keywords
Sizes = dict[str, tuple[int, float]]  # instances and weight by variant; a serverless one counts as one instance
COUNT, WEIGHT = "DesiredInstanceCount", "DesiredWeight"  # VariantPropertyType, as CAPTURE is


class VariantPlan(NamedTuple):
    """A variant with its container and the role of its model."""

    variant: Mapping[str, Any]
    container: Mapping[str, Any]
    role: str


def retained_properties(request: Mapping[str, Any]) -> frozenset[str]:
    """Of an UpdateEndpoint."""
    if not request.get("RetainAllVariantProperties"):
        return frozenset()
    excluded = {each["VariantPropertyType"] for each in request.get("ExcludeRetainedVariantProperties", ())}
    return frozenset({COUNT, WEIGHT, CAPTURE} - excluded)


def desired_sizes(config: EndpointConfig, live: Side | None = None, retained: Container[str] = ()) -> Sizes:
    """The config's, or those of the running variant of the same name."""
    sizes: Sizes = {}
    for variant in config.variants:
        old = live.members.get(variant["VariantName"]) if live else None
        count = old.desired if old and COUNT in retained else int(variant.get("InitialInstanceCount", 1))
        weight = old.weight if old and WEIGHT in retained else float(variant["InitialVariantWeight"])
        sizes[variant["VariantName"]] = (count, weight)
    return sizes


def counts_of(sizes: Sizes) -> dict[str, int]:
    return {name: count for name, (count, _) in sizes.items()}


def new_side(
    cloud: Cloud,
    endpoint: str,
    config_name: str,
    plans: Iterable[VariantPlan],
    sizes: Sizes,
    capture: Mapping[str, Any] | None,
    new_fleet: FleetFactory,
) -> Side:
    """Its fleets have no instances yet."""
    side = Side(config_name)
    for plan in plans:
        name = plan.variant["VariantName"]
        count, weight = sizes[name]
        session = ModelSession(cloud, plan.role)
        image = _deployed_image(cloud, plan.container["Image"])
        fleet = new_fleet(
            endpoint=endpoint,
            variant=plan.variant,
            config_name=config_name,
            container={**plan.container, "ResolvedImage": image["ResolvedImage"]},
            session=session,
            capture=DataCapture.from_config(cloud, session, capture, endpoint, name) if capture else None,
        )
        side.members[name] = Member(plan.variant, fleet, image, weight, count, plan.variant.get(SERVERLESS))
    return side


def _deployed_image(cloud: Cloud, uri: str) -> dict[str, Any]:
    """A tag that moves later does not change what the side runs."""
    return {
        "SpecifiedImage": uri,
        "ResolvedImage": resolved_image(cloud, uri),
        "ResolutionTime": cloud.clock.now(),
    }
