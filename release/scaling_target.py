"""The endpoint variant's scalable target in Application Auto Scaling: its identity, finding it, removing it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from release.call import Call
from release.names import VARIANT
from settings.model import Settings

SERVICE = "application-autoscaling"
DIMENSIONS = {"serverless": "sagemaker:variant:DesiredProvisionedConcurrency"}  # by kind
INSTANCES = "sagemaker:variant:DesiredInstanceCount"  # of all others
NOT_FOUND = ("ObjectNotFoundException",)


def identity(settings: Settings) -> dict[str, str]:
    return {
        "ServiceNamespace": "sagemaker",
        "ResourceId": f"endpoint/{settings.endpoint_name}/variant/{VARIANT}",
        "ScalableDimension": DIMENSIONS.get(settings.serving.kind, INSTANCES),
    }


def deregister(settings: Settings, why: str) -> Call:
    sentence = f"autoscaling off: {why}"
    return Call(SERVICE, "deregister_scalable_target", identity(settings), sentence, ignore=NOT_FOUND)


def contains(current: Mapping[str, Any], desired: Mapping[str, Any]) -> bool:
    """Is everything as desired? AWS adds members to what was sent."""
    return all(
        contains(current.get(key) or {}, value) if isinstance(value, Mapping) else current.get(key) == value
        for key, value in desired.items()
    )


def find(settings: Settings, autoscaling: Any) -> list[dict[str, Any]]:
    """At most one."""
    request: dict[str, Any] = identity(settings)
    request["ResourceIds"] = [request.pop("ResourceId")]
    targets: list[dict[str, Any]] = autoscaling.describe_scalable_targets(**request)["ScalableTargets"]
    return targets
