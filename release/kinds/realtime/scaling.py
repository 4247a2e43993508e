"""Autoscaling of instances, by the requests that each of them gets."""

from __future__ import annotations

from release.kinds.autoscaling import Tracking
from settings.model import Settings


def tracking(settings: Settings) -> Tracking | None:
    serving = settings.serving
    if not serving.autoscales:
        return None
    return Tracking(
        name="invocations",
        unit="instances",
        low=serving.autoscaling_min_instances,
        high=serving.autoscaling_max_instances,
        metric="SageMakerVariantInvocationsPerInstance",
        target=serving.autoscaling_target_per_instance,
        aim=f"{serving.autoscaling_target_per_instance} requests per instance and minute",
    )
