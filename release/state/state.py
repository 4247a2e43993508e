"""The state before a release: the package, the live endpoint, and everything that the release would use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from release.state.archive import Archive

Response = dict[str, Any]


@dataclass(frozen=True)
class State:
    """Responses of AWS, unchanged. What does not exist is None, "" or empty; a package that does not exist is {}."""

    package: Response
    package_arn: str
    archive: Archive | None
    image_exists: bool | None  # None: an image of AWS or of another account, whose registry cannot be read
    endpoint: Response | None = None
    config: Response | None = None  # of the live endpoint
    alarms: Mapping[str, str] = field(default_factory=dict)  # name -> state, of all that the release would use
    definitions: Mapping[str, Response] = field(default_factory=dict)  # name -> its part of DescribeAlarms
    dashboard: str = ""  # its body, as JSON
    target: Response | None = None  # of Application Auto Scaling
    policies: tuple[Response, ...] = ()
    schedules: tuple[Response, ...] = ()
    existing: frozenset[str] = frozenset()  # which of the release's own model, config and alarms exist
    now: datetime | None = None  # by AWS's clock
    quotas: Mapping[str, float] | None = field(default_factory=dict)  # by name; None: they could not be read

    @property
    def status(self) -> str:
        """Of the endpoint; "" when there is none."""
        return str(self.endpoint["EndpointStatus"]) if self.endpoint else ""

    @property
    def live_config(self) -> str:
        return str(self.endpoint.get("EndpointConfigName", "")) if self.endpoint else ""

    @property
    def pending_config(self) -> str:
        """The config that is being deployed; "" when there is no deployment."""
        if not self.endpoint or self.status not in ("Creating", "Updating"):
            return ""
        pending = self.endpoint.get("PendingDeploymentSummary", {}).get("EndpointConfigName", "")
        return str(pending or (self.live_config if self.status == "Creating" else ""))

    @property
    def live_variant(self) -> Response:
        """That of the live config; {} when there is none."""
        return dict(((self.config or {}).get("ProductionVariants") or [{}])[0])

    @property
    def desired_instances(self) -> int | None:
        """How many the live fleet should have now; None where AWS does not say (no endpoint, no instances)."""
        variants = (self.endpoint or {}).get("ProductionVariants") or [{}]
        count = variants[0].get("DesiredInstanceCount", variants[0].get("CurrentInstanceCount"))
        return int(count) if count is not None else None
