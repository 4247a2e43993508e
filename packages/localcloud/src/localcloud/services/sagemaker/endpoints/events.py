"""The events of endpoints and their deployments, in AWS's own layout: times are milliseconds."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from localcloud.services.sagemaker.endpoints.records import Endpoint
from localcloud.services.sagemaker.event_times import in_milliseconds

STATE = "SageMaker Endpoint State Change"
DEPLOYMENT = "SageMaker Endpoint Deployment State Change"
MEMBERS = (
    "EndpointName",
    "EndpointArn",
    "EndpointConfigName",
    "FailureReason",
    "CreationTime",
    "LastModifiedTime",
)
MEMBERS_OF_VARIANTS = (
    "VariantName",
    "CurrentWeight",
    "DesiredWeight",
    "CurrentInstanceCount",
    "DesiredInstanceCount",
    "VariantStatus",
)
Emit = Callable[[str, str, Mapping[str, Any], list[str]], None]
Tags = Mapping[str, str]


def emit_state_change(emit: Emit, endpoint: Endpoint, tags: Tags) -> None:
    detail = _detail(endpoint, tags)
    detail.pop("PendingDeploymentSummary", None)
    emit("aws.sagemaker", STATE, detail, [endpoint.arn])


def emit_deployment_change(emit: Emit, endpoint: Endpoint, tags: Tags) -> None:
    emit("aws.sagemaker", DEPLOYMENT, _detail(endpoint, tags), [endpoint.arn])


def upper_case(status: str) -> str:
    """InService is IN_SERVICE in events."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", status).upper()


def _detail(endpoint: Endpoint, tags: Tags) -> dict[str, Any]:
    description = endpoint.description()
    detail = {name: description[name] for name in MEMBERS if name in description}
    detail |= {"EndpointStatus": upper_case(endpoint.status), "Tags": dict(tags)}
    detail["ProductionVariants"] = _variants(description)
    if pending := description.get("PendingDeploymentSummary"):
        detail["PendingDeploymentSummary"] = {**pending, "ProductionVariants": _variants(pending)}
    milliseconds: dict[str, Any] = in_milliseconds(detail)
    return milliseconds


def _variants(description: Mapping[str, Any]) -> list[dict[str, Any]]:
    variants = description.get("ProductionVariants", ())
    return [{name: variant[name] for name in MEMBERS_OF_VARIANTS if name in variant} for variant in variants]
