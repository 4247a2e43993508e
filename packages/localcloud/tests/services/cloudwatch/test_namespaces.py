"""Who may put metrics into which namespace: the condition key of PutMetricData decides, over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from support.policies import allow

from localcloud.core.cloud import Cloud

pytestmark = pytest.mark.roles
PUT = "cloudwatch:PutMetricData"
FAILED = {"MetricName": "Failed", "Value": 1.0, "StorageResolution": 1}
OWN = {"StringEquals": {"cloudwatch:namespace": "Releases/churn"}}
ANY_BUT = {"StringLike": {"cloudwatch:namespace": ["churn/*", "/aws/sagemaker/*"]}}


@pytest.mark.parametrize(
    ("condition", "namespace", "allowed"),
    [
        (OWN, "Releases/churn", True),
        (OWN, "Releases/churn-eu", False),
        (OWN, "releases/churn", False),
        (OWN, "churn/quality", False),
        (ANY_BUT, "churn/quality", True),
        (ANY_BUT, "churn", False),
        (ANY_BUT, "Releases/churn", False),
    ],
)
def test_a_namespace_is_what_a_role_may_write(
    cloud: Cloud, open_session: Callable[..., Any], condition: Any, namespace: str, allowed: bool
) -> None:
    session = open_session("judge", allow(PUT, Condition=condition))
    client = cloud.client_as(session, "cloudwatch")
    if allowed:
        client.put_metric_data(Namespace=namespace, MetricData=[FAILED])
        (metric,) = cloud.client("cloudwatch").list_metrics(Namespace=namespace)["Metrics"]
        assert metric["MetricName"] == "Failed"
        return
    with pytest.raises(ClientError, match=f"is not authorized to perform: {PUT}") as refusal:
        client.put_metric_data(Namespace=namespace, MetricData=[FAILED])
    assert refusal.value.response["Error"]["Code"] == "AccessDenied"
    assert cloud.client("cloudwatch").list_metrics()["Metrics"] == []
