"""The latest approved package of a group."""

import pytest
from botocore.exceptions import ClientError

from aws.model_registry import latest_approved


class FakeSageMaker:
    """Filters after paging, as AWS does: the first page is empty, and not the last one."""

    def __init__(self, approved):
        self.approved = approved

    def list_model_packages(self, **request):
        assert (request["ModelPackageGroupName"], request["ModelApprovalStatus"]) == ("churn", "Approved")
        assert (request["SortBy"], request["SortOrder"]) == ("CreationTime", "Descending")
        if self.approved is None:
            error = {"Code": "ValidationException", "Message": "Model package group churn does not exist."}
            raise ClientError({"Error": error, "ResponseMetadata": {"HTTPStatusCode": 400}}, "ListModelPackages")
        if "NextToken" not in request:
            return {"ModelPackageSummaryList": [], "NextToken": "more"}
        return {"ModelPackageSummaryList": [{"ModelPackageArn": arn} for arn in self.approved]}


@pytest.mark.parametrize(
    ("approved", "expected"), [(["package/2", "package/1"], "package/2"), ([], None), (None, None)]
)
def test_the_first_on_any_page_or_none_also_without_a_group(approved, expected):
    assert latest_approved(FakeSageMaker(approved), "churn") == expected
