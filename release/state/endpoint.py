"""The endpoint while it moves, as DescribeEndpoint tells it: the only truth that a run goes by."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aws.refusals import is_missing
from release.state.aws_time import moment, written

MOVING = ("Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting")
BAKING = "Baking"


@dataclass(frozen=True)
class Look:
    at: datetime  # by AWS's clock
    status: str  # "" when there is no endpoint
    config: str = ""
    pending: str = ""  # the config that it is on its way to
    modified: str = ""
    failure: str = ""
    stages: tuple[str, ...] = ()  # VariantStatus of the new fleet, such as Baking
    message: str = ""  # and SageMaker's words for the last of them
    since: datetime | None = None  # when that began
    share: float | None = None  # of the traffic that goes to the new fleet; None where AWS does not say

    @property
    def moving(self) -> bool:
        return self.status in MOVING

    @property
    def baking(self) -> bool:
        """Does the new fleet have traffic that can be watched?"""
        return self.status == "Updating" and (not self.stages or BAKING in self.stages)

    @property
    def stage(self) -> str:
        """For people: Updating (Baking)."""
        part = "/".join(self.stages) if self.moving else ""
        told = self.status or "gone"
        return told if part in ("", told) else f"{told} ({part})"


def look(sagemaker: Any, endpoint: str) -> Look:
    try:
        told = sagemaker.describe_endpoint(EndpointName=endpoint)
    except Exception as error:
        if is_missing(error):
            return Look(moment(error.response), "")  # type: ignore[attr-defined]
        raise
    pending = told.get("PendingDeploymentSummary", {})
    variant = (pending.get("ProductionVariants") or [{}])[0]
    statuses = variant.get("VariantStatus", [])
    message = statuses[-1].get("StatusMessage", "") if statuses else ""
    return Look(
        at=moment(told),
        status=told["EndpointStatus"],
        config=told.get("EndpointConfigName", ""),
        pending=pending.get("EndpointConfigName", ""),
        modified=written(told["LastModifiedTime"]),
        failure=" ".join(told.get("FailureReason", "").split()),  # a verdict is one line
        stages=tuple(status["Status"] for status in statuses),
        message=message,
        since=statuses[-1].get("StartTime") if statuses else None,
        share=_share(message, variant),
    )


def _share(message: str, variant: Mapping[str, Any]) -> float | None:
    """From "... with traffic enabled on canary capacity of 1 instance(s)", or from the instances that have traffic."""
    found, whole = re.search(r"capacity of (\d+) instance", message), variant.get("DesiredInstanceCount")
    count = int(found[1]) if found else variant.get("CurrentInstanceCount")
    return min(1.0, count / whole) if whole and count is not None else None
