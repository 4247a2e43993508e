"""Autoscaling of the provisioned concurrency: SageMaker scales everything else there by itself.

An update begins with the config's provisioned concurrency again; AWS has nothing that retains it.
"""

from __future__ import annotations

from release.kinds.autoscaling import Tracking
from settings.model import Settings


def tracking(settings: Settings) -> Tracking | None:
    serving = settings.serving
    if not serving.scales_concurrency:
        return None
    return Tracking(
        name="provisioned",
        unit="of provisioned concurrency",
        low=serving.serverless_provisioned_concurrency,
        high=serving.serverless_provisioned_max,
        metric="SageMakerVariantProvisionedConcurrencyUtilization",
        target=serving.serverless_provisioned_target,
        aim=f"{serving.serverless_provisioned_target:.0%} of the provisioned concurrency in use",
    )
