"""An endpoint as a record, and AWS's description of it."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from localcloud.services.sagemaker.endpoints.deployment.machine import Deployment
from localcloud.services.sagemaker.endpoints.deployment.side import Member, Side
from localcloud.services.sagemaker.endpoints.scaling import Scaling
from localcloud.services.sagemaker.hosting.routing import Routes

Members = dict[str, Any]
IN_SERVICE, CREATING, UPDATING, ROLLING_BACK = "InService", "Creating", "Updating", "RollingBack"
DELETING, FAILED, ROLLBACK_FAILED = "Deleting", "Failed", "UpdateRollbackFailed"
LONGEST_REASON = 1024


@dataclass(eq=False)
class Endpoint:
    name: str
    arn: str
    config_name: str  # of the serving side; while the endpoint is created, of the first one
    routes: Routes
    created: datetime
    modified: datetime
    status: str = ""
    reason: str = ""
    live: Side | None = None  # the serving side, or the one that served before the current deployment
    leftovers: list[Side] = field(default_factory=list)  # of a failed rollback, until the next deployment succeeds
    deployment: Deployment | None = None  # the current one
    scaling: Scaling | None = None  # the current change of weights and capacities
    deployment_config: Mapping[str, Any] | None = None  # the last one given
    capture: Mapping[str, Any] | None = None  # DataCaptureConfig

    def summary(self) -> Members:
        return {
            "EndpointName": self.name,
            "EndpointArn": self.arn,
            "CreationTime": self.created,
            "LastModifiedTime": self.modified,
            "EndpointStatus": self.status,
        }

    def description(self) -> Members:
        members: Members = {
            **self.summary(),
            "EndpointConfigName": self.config_name,
            "ProductionVariants": self.live and [self._variant(member) for member in self.live.members.values()],
            "DataCaptureConfig": _capture(self.capture),
            "FailureReason": self.reason[:LONGEST_REASON],
            "LastDeploymentConfig": copy.deepcopy(self.deployment_config),
            "PendingDeploymentSummary": self.deployment and self._pending(self.deployment),
        }
        return {name: value for name, value in members.items() if value}

    def _pending(self, deployment: Deployment) -> Members:
        members = deployment.green.members.values()
        return {
            "EndpointConfigName": deployment.green.config_name,
            "ProductionVariants": [self._new_variant(deployment, member) for member in members],
            "StartTime": deployment.began,
        }

    def _variant(self, member: Member) -> Members:
        described = {**_describe(member), "CurrentWeight": member.weight}
        if member.serverless is None:
            described["CurrentInstanceCount"] = member.count
        elif self.scaling:
            described["DesiredServerlessConfig"] = self.scaling.serverless_config(member.variant["VariantName"])
        if self.scaling and (status := self.scaling.variant_status(member.variant["VariantName"])):
            described["VariantStatus"] = [status]
        elif self.deployment and self.live is self.deployment.blue:
            described |= _status(self.deployment, "blue", member)
        return described

    def _new_variant(self, deployment: Deployment, member: Member) -> Members:
        """As in AWS's sample event, its current instances and weight are those that take traffic."""
        weight = member.weight if member.active else 0.0
        described = {**_describe(member), "CurrentWeight": weight}
        if member.serverless is None:
            described |= {"CurrentInstanceCount": member.active, "InstanceType": member.variant["InstanceType"]}
        return described | _status(deployment, "green", member)


def _describe(member: Member) -> Members:
    described: Members = {
        "VariantName": member.variant["VariantName"],
        "DeployedImages": [dict(member.image)],
        "DesiredWeight": member.weight,
    }
    if member.serverless is None:
        return {**described, "DesiredInstanceCount": member.desired}
    config = dict(member.serverless)
    return {**described, "CurrentServerlessConfig": config, "DesiredServerlessConfig": config}


def _status(deployment: Deployment, side: str, member: Member) -> Members:
    stage, name = deployment.stage, member.variant["VariantName"]
    if not stage or stage.side != side or name not in stage.counts:
        return {}
    message = stage.message(name, member.count)
    return {"VariantStatus": [{"Status": stage.status, "StatusMessage": message, "StartTime": deployment.stage_began}]}


def _capture(config: Mapping[str, Any] | None) -> Members | None:
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
