"""The events of endpoints, their deployments and their configs, in AWS's own layout: times are milliseconds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from localcloud.services.sagemaker.event_times import in_milliseconds

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud
    from localcloud.services.sagemaker.endpoints.endpoint_configs import EndpointConfig
    from localcloud.services.sagemaker.endpoints.records import Endpoint

STATE = "SageMaker Endpoint State Change"
DEPLOYMENT = "SageMaker Endpoint Deployment State Change"
CONFIG = "SageMaker Endpoint Config State Change"
TOLD_OF_VARIANTS = (
    "VariantName",
    "CurrentWeight",
    "DesiredWeight",
    "CurrentInstanceCount",
    "DesiredInstanceCount",
    "VariantStatus",
)
Tags = Mapping[str, str]


def endpoint_changed(cloud: Cloud, endpoint: Endpoint, tags: Tags) -> None:
    detail = _endpoint(endpoint, tags)
    detail.pop("PendingDeploymentSummary", None)
    cloud.emit("aws.sagemaker", STATE, detail, [endpoint.arn])


def deployment_changed(cloud: Cloud, endpoint: Endpoint, tags: Tags) -> None:
    cloud.emit("aws.sagemaker", DEPLOYMENT, _endpoint(endpoint, tags), [endpoint.arn])


def config_changed(cloud: Cloud, config: EndpointConfig, tags: Tags) -> None:
    """It is made or deleted."""
    told: dict[str, Any] = in_milliseconds({**config.description(), "Tags": dict(tags)})
    cloud.emit("aws.sagemaker", CONFIG, told, [config.arn])


def shouted(status: str) -> str:
    """InService is IN_SERVICE in events."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", status).upper()


def _endpoint(endpoint: Endpoint, tags: Tags) -> dict[str, Any]:
    told = endpoint.description()
    names = ("EndpointName", "EndpointArn", "EndpointConfigName", "FailureReason", "CreationTime", "LastModifiedTime")
    detail = {name: told[name] for name in names if name in told}
    detail |= {"EndpointStatus": shouted(endpoint.status), "Tags": dict(tags)}
    detail["ProductionVariants"] = _variants(told)
    if pending := told.get("PendingDeploymentSummary"):
        detail["PendingDeploymentSummary"] = {**pending, "ProductionVariants": _variants(pending)}
    milliseconds: dict[str, Any] = in_milliseconds(detail)
    return milliseconds


def _variants(told: Mapping[str, Any]) -> list[dict[str, Any]]:
    variants = told.get("ProductionVariants", ())
    return [{name: variant[name] for name in TOLD_OF_VARIANTS if name in variant} for variant in variants]
