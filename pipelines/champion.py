"""The champion: the latest approved package of the group, and the URI of its evaluation."""

from __future__ import annotations

from typing import Any

from aws.model_registry import latest_approved


def evaluation_uri(sagemaker: Any, group: str) -> str | None:
    """None without an approved package, or when it carries no evaluation."""
    arn = latest_approved(sagemaker, group)
    if arn is None:
        return None
    metrics = sagemaker.describe_model_package(ModelPackageName=arn).get("ModelMetrics", {})
    uri = metrics.get("ModelQuality", {}).get("Statistics", {}).get("S3Uri")
    return str(uri) if uri else None
