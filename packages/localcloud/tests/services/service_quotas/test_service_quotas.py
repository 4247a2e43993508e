"""Service Quotas limits nothing here, and refuses what it does not know."""

from typing import Any

import pytest
from botocore.exceptions import ClientError


def test_sagemaker_has_no_quotas(cloud: Any) -> None:
    assert cloud.client("service-quotas").list_service_quotas(ServiceCode="sagemaker")["Quotas"] == []


@pytest.mark.parametrize(
    ("operation", "request_"),
    [
        ("list_service_quotas", {"ServiceCode": "vpc"}),
        ("request_service_quota_increase", {"ServiceCode": "sagemaker", "QuotaCode": "L-1", "DesiredValue": 2.0}),
    ],
)
def test_the_rest_is_refused_by_name(cloud: Any, operation: str, request_: dict[str, Any]) -> None:
    with pytest.raises(ClientError, match="is not implemented by localcloud"):
        getattr(cloud.client("service-quotas"), operation)(**request_)
