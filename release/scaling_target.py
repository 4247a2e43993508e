"""The endpoint variant's scalable target in Application Auto Scaling: its identity, finding it, removing it."""

from __future__ import annotations

from typing import Any

from release.call import Call
from release.names import VARIANT
from settings.model import Settings

SERVICE = "application-autoscaling"
NOT_FOUND = ("ObjectNotFoundException",)


def identity(settings: Settings) -> dict[str, str]:
    return {
        "ServiceNamespace": "sagemaker",
        "ResourceId": f"endpoint/{settings.endpoint_name}/variant/{VARIANT}",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }


def deregister(settings: Settings, why: str) -> Call:
    sentence = f"autoscaling off: {why}"
    return Call(SERVICE, "deregister_scalable_target", identity(settings), sentence, ignore=NOT_FOUND)


def find(settings: Settings, autoscaling: Any) -> list[dict[str, Any]]:
    """At most one."""
    request: dict[str, Any] = identity(settings)
    request["ResourceIds"] = [request.pop("ResourceId")]
    targets: list[dict[str, Any]] = autoscaling.describe_scalable_targets(**request)["ScalableTargets"]
    return targets
