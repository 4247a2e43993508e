"""What the service remembers of an endpoint, and how AWS tells it."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from localcloud.services.sagemaker.endpoints.deployment.machine import Deployment
from localcloud.services.sagemaker.endpoints.deployment.side import Member, Side

if TYPE_CHECKING:
    from localcloud.services.sagemaker.endpoints.capacity import Scaling
    from localcloud.services.sagemaker.hosting.routing import Routes

Told = dict[str, Any]
IN_SERVICE, CREATING, UPDATING, ROLLING_BACK = "InService", "Creating", "Updating", "RollingBack"
DELETING, FAILED, ROLLBACK_FAILED = "Deleting", "Failed", "UpdateRollbackFailed"
LONGEST_REASON = 1024


@dataclass(eq=False)
class Endpoint:
    name: str
    arn: str
    config_name: str  # that serves; while it is created, that will
    routes: Routes
    created: datetime
    modified: datetime
    status: str = ""
    reason: str = ""
    live: Side | None = None  # who serves, or served before the deployment that goes on
    left: list[Side] = field(default_factory=list)  # of a rollback that failed: gone with the next deployment
    deployment: Deployment | None = None  # while it goes on
    scaling: Scaling | None = None  # the same, of weights and capacities
    deployment_config: Mapping[str, Any] | None = None  # the last that was given
    capture: Mapping[str, Any] | None = None  # DataCaptureConfig

    def summary(self) -> Told:
        return {
            "EndpointName": self.name,
            "EndpointArn": self.arn,
            "CreationTime": self.created,
            "LastModifiedTime": self.modified,
            "EndpointStatus": self.status,
        }

    def description(self) -> Told:
        told: Told = {
            **self.summary(),
            "EndpointConfigName": self.config_name,
            "ProductionVariants": self.live and [self._variant(member) for member in self.live.members.values()],
            "DataCaptureConfig": _capture(self.capture),
            "FailureReason": self.reason[:LONGEST_REASON],
            "LastDeploymentConfig": copy.deepcopy(self.deployment_config),
            "PendingDeploymentSummary": self.deployment and self._pending(self.deployment),
        }
        return {name: value for name, value in told.items() if value}

    def _pending(self, deployment: Deployment) -> Told:
        members = deployment.green.members.values()
        return {
            "EndpointConfigName": deployment.green.config_name,
            "ProductionVariants": [self._new_variant(deployment, member) for member in members],
            "StartTime": deployment.began,
        }

    def _variant(self, member: Member) -> Told:
        told = {**_told(member), "CurrentWeight": member.weight, "CurrentInstanceCount": member.count}
        if self.scaling and (status := self.scaling.variant_status(member.variant["VariantName"])):
            told["VariantStatus"] = [status]
        elif self.deployment and self.live is self.deployment.blue:
            told |= _status(self.deployment, "blue", member)
        return told

    def _new_variant(self, deployment: Deployment, member: Member) -> Told:
        """As in AWS's sample event: its current instances and weight are those that take traffic already."""
        weight = member.weight if member.active else 0.0
        told = {**_told(member), "CurrentWeight": weight, "CurrentInstanceCount": member.active}
        told["InstanceType"] = member.variant["InstanceType"]
        return told | _status(deployment, "green", member)


def _told(member: Member) -> Told:
    return {
        "VariantName": member.variant["VariantName"],
        "DeployedImages": [{"SpecifiedImage": member.container["Image"], "ResolvedImage": member.container["Image"]}],
        "DesiredWeight": member.weight,
        "DesiredInstanceCount": member.desired,
    }


def _status(deployment: Deployment, side: str, member: Member) -> Told:
    stage, name = deployment.stage, member.variant["VariantName"]
    if not stage or stage.side != side or name not in stage.counts:
        return {}
    message = stage.message(name, member.count)
    return {"VariantStatus": [{"Status": stage.status, "StatusMessage": message, "StartTime": deployment.stage_began}]}


def _capture(config: Mapping[str, Any] | None) -> Told | None:
    if config is None:
        return None
    enabled = config.get("EnableCapture", True)
    return {
        "EnableCapture": enabled,
        "CaptureStatus": "Started" if enabled else "Stopped",
        "CurrentSamplingPercentage": config["InitialSamplingPercentage"],
        "DestinationS3Uri": config["DestinationS3Uri"],
        "KmsKeyId": config.get("KmsKeyId", ""),
    }
