"""The availability zones of a new network: not every zone offers every service that needs an endpoint in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from codepipeline.stacks import Stack
from settings.errors import Problem

# Those of the interface endpoints in network.yml.
SERVICES = (
    "application-autoscaling",
    "ecr.api",
    "ecr.dkr",
    "kms",
    "logs",
    "monitoring",
    "sagemaker.api",
    "sagemaker.runtime",
    "sts",
)
COUNT = 2


def with_zones(stack: Stack, ec2: Any, region: str) -> Stack:
    """For a network that does not exist yet: another zone would replace the subnets of one that does."""
    names = [f"com.amazonaws.{region}.{service}" for service in SERVICES]
    details = ec2.describe_vpc_endpoint_services(ServiceNames=names)["ServiceDetails"]
    offered = {each["ServiceName"]: each["AvailabilityZones"] for each in details if _is_interface(each)}
    first, second = choose(offered, region)
    return replace(stack, parameters={**stack.parameters, "FirstZone": first, "SecondZone": second})


def choose(offered: Mapping[str, list[str]], region: str) -> list[str]:
    """The first zones that have all services."""
    zones = sorted(set.intersection(*map(set, offered.values()))) if offered else []
    if len(zones) < COUNT:
        lines = [f"  {name}: {', '.join(sorted(found))}" for name, found in sorted(offered.items())]
        raise Problem(
            f"no {COUNT} zones of {region} offer an endpoint of every service that network.yml needs; take another "
            "region, or leave --network out and set network.subnets to your own:\n" + "\n".join(lines)
        )
    return zones[:COUNT]


def _is_interface(details: Mapping[str, Any]) -> bool:
    return any(each["ServiceType"] == "Interface" for each in details["ServiceType"])
