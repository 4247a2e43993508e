"""Which package of the Model Registry is approved."""

from __future__ import annotations

from typing import Any

from aws.refusals import is_missing


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
            if not page.get("NextToken"):  # AWS filters after paging: an empty page may not be the last
                return None
            request["NextToken"] = page["NextToken"]
    except Exception as error:
        if is_missing(error):  # the group is created with the first registered model
            return None
        raise
