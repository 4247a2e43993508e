"""The champion: the latest *approved* package of the group, and where its evaluation lies."""

from __future__ import annotations

from typing import Any

from aws.refusals import is_missing


def evaluation_uri(sagemaker: Any, group: str) -> str | None:
    """None without an approved package (a first model has nobody to beat), or when it carries no evaluation."""
    arn = latest_approved(sagemaker, group)
    if arn is None:
        return None
    metrics = sagemaker.describe_model_package(ModelPackageName=arn).get("ModelMetrics", {})
    uri = metrics.get("ModelQuality", {}).get("Statistics", {}).get("S3Uri")
    return str(uri) if uri else None


def latest_approved(sagemaker: Any, group: str) -> str | None:
    request = {
        "ModelPackageGroupName": group,
        "ModelApprovalStatus": "Approved",
        "SortBy": "CreationTime",
        "SortOrder": "Descending",
    }
    try:
        while True:
            page = sagemaker.list_model_packages(**request)
            for summary in page.get("ModelPackageSummaryList", []):
                return str(summary["ModelPackageArn"])
            if not page.get("NextToken"):  # AWS filters after it cut the page: an empty page need not be the last
                return None
            request["NextToken"] = page["NextToken"]
    except Exception as error:
        if is_missing(error):  # the group is created with the first registered model
            return None
        raise
