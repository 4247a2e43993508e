"""What there is before a release: the package, the endpoint as it lives, and everything a release would use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Answer = dict[str, Any]


@dataclass(frozen=True)
class State:
    """Answers of AWS, as they came. What is not there is None, "" or empty; a package that is not there is {}."""

    package: Answer
    package_arn: str
    artifact_there: bool
    image_there: bool | None  # None: an image of AWS or of another account, which cannot be asked
    endpoint: Answer | None = None
    config: Answer | None = None  # the one that the endpoint lives on
    alarms: Mapping[str, str] = field(default_factory=dict)  # name -> state, of all that the release would use
    definitions: Mapping[str, Answer] = field(default_factory=dict)  # name -> what DescribeAlarms says of it
    target: Answer | None = None  # of Application Auto Scaling
    policies: tuple[Answer, ...] = ()
    schedules: tuple[Answer, ...] = ()
    existing: frozenset[str] = frozenset()  # names of the release's own model, config and alarms that are there
    now: datetime | None = None  # by AWS's clock

    @property
    def status(self) -> str:
        """Of the endpoint; "" when there is none."""
        return str(self.endpoint["EndpointStatus"]) if self.endpoint else ""

    @property
    def live_config(self) -> str:
        return str(self.endpoint.get("EndpointConfigName", "")) if self.endpoint else ""

    @property
    def pending_config(self) -> str:
        """The config that the endpoint is on its way to; "" when it is not on any way."""
        if not self.endpoint or self.status not in ("Creating", "Updating"):
            return ""
        pending = self.endpoint.get("PendingDeploymentSummary", {}).get("EndpointConfigName", "")
        return str(pending or (self.live_config if self.status == "Creating" else ""))

    @property
    def live_variant(self) -> Answer:
        """As the live config has it; {} when there is none."""
        return dict(((self.config or {}).get("ProductionVariants") or [{}])[0])

    @property
    def desired_instances(self) -> int | None:
        """How many the live fleet should have now; None where AWS does not say (no endpoint, serverless)."""
        variants = (self.endpoint or {}).get("ProductionVariants") or [{}]
        count = variants[0].get("DesiredInstanceCount", variants[0].get("CurrentInstanceCount"))
        return int(count) if count is not None else None
