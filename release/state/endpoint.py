"""The endpoint while it changes, as DescribeEndpoint returns it: the only source that a run goes by."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aws.refusals import is_missing
from aws.response_time import clock_speed, response_time
from release.state.aws_time import as_text

TRANSITIONAL = ("Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting")
BAKING = "Baking"


@dataclass(frozen=True)
class EndpointStatus:
    at: datetime  # by AWS's clock
    status: str  # "" when there is no endpoint
    config: str = ""
    pending: str = ""  # the config that is being deployed
    modified: str = ""
    failure: str = ""
    stages: tuple[str, ...] = ()  # VariantStatus of the new fleet, such as Baking
    message: str = ""  # SageMaker's message for the last of them
    since: datetime | None = None  # when that began
    share: float | None = None  # of the traffic that goes to the new fleet; None where AWS does not say
    speed: float = 1  # of AWS's clock

    @property
    def changing(self) -> bool:
        return self.status in TRANSITIONAL

    @property
    def baking(self) -> bool:
        """Does the new fleet have traffic that can be watched?"""
        return self.status == "Updating" and (not self.stages or BAKING in self.stages)

    @property
    def stage(self) -> str:
        """For people: Updating (Baking)."""
        part = "/".join(self.stages) if self.changing else ""
        status = self.status or "gone"
        return status if part in ("", status) else f"{status} ({part})"


def read_endpoint(sagemaker: Any, name: str) -> EndpointStatus:
    try:
        response = sagemaker.describe_endpoint(EndpointName=name)
    except Exception as error:
        if is_missing(error):
            return EndpointStatus(response_time(error.response), "")  # type: ignore[attr-defined]
        raise
    pending = response.get("PendingDeploymentSummary", {})
    variant = (pending.get("ProductionVariants") or [{}])[0]
    statuses = variant.get("VariantStatus", [])
    message = statuses[-1].get("StatusMessage", "") if statuses else ""
    return EndpointStatus(
        at=response_time(response),
        status=response["EndpointStatus"],
        config=response.get("EndpointConfigName", ""),
        pending=pending.get("EndpointConfigName", ""),
        modified=as_text(response["LastModifiedTime"]),
        failure=" ".join(response.get("FailureReason", "").split()),  # a verdict is one line
        stages=tuple(status["Status"] for status in statuses),
        message=message,
        since=statuses[-1].get("StartTime") if statuses else None,
        share=_share(message, variant),
        speed=clock_speed(response),
    )


def _share(message: str, variant: Mapping[str, Any]) -> float | None:
    """From "... with traffic enabled on canary capacity of 1 instance(s)", or from the instances that have traffic."""
    match, total = re.search(r"capacity of (\d+) instance", message), variant.get("DesiredInstanceCount")
    count = int(match[1]) if match else variant.get("CurrentInstanceCount")
    return min(1.0, count / total) if total and count is not None else None
