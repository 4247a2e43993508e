"""Application Auto Scaling and CloudWatch, with a fake SageMaker of one endpoint whose updates take time."""

from __future__ import annotations

import math
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

RESOURCE = "endpoint/churn/variant/AllTraffic"
NAMED = {
    "ServiceNamespace": "sagemaker",
    "ResourceId": RESOURCE,
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
}
UPDATE_SECONDS = 120  # of a change of capacity


@pytest.fixture
def services() -> list[Any]:
    from localcloud.core.refusal import Refusal
    from localcloud.core.service import Service, operation
    from localcloud.services.autoscaling.service import AutoScaling
    from localcloud.services.cloudwatch.service import CloudWatch

    class SageMaker(Service):
        name = "sagemaker"

        def __init__(self, cloud: Any) -> None:
            super().__init__(cloud)
            self.status, self.count, self.desired = "InService", 2, []
            self.endpoints = SimpleNamespace()
            self.outcome: dict[str, Any] = {}  # the result of a change that fails

        def call(self, operation: str, request: dict[str, Any]) -> Any:
            return self.operations[operation].method(request)

        @operation("DescribeEndpoint")
        def describe_endpoint(self, request: dict[str, Any]) -> dict[str, Any]:
            arn = self.cloud.arn("sagemaker", f"endpoint/{request['EndpointName']}")
            if request["EndpointName"] != "churn" or self.status == "gone":
                raise Refusal("ValidationException", f'Could not find endpoint "{arn}".')
            variant = {"VariantName": "AllTraffic", "CurrentInstanceCount": self.count}
            members = {"EndpointName": "churn", "EndpointArn": arn, "EndpointStatus": self.status}
            return {**members, "ProductionVariants": [{**variant, "DesiredInstanceCount": self.count}]}

        @operation("UpdateEndpointWeightsAndCapacities")
        def update_endpoint_weights_and_capacities(self, request: dict[str, Any]) -> dict[str, Any]:
            if self.status != "InService":
                raise Refusal("ValidationException", "Cannot update in-progress endpoint")
            (capacity,) = request["DesiredWeightsAndCapacities"]
            assert capacity["VariantName"] == "AllTraffic"
            self.desired.append(capacity["DesiredInstanceCount"])
            self.status = "Updating"
            self.cloud.clock.after(UPDATE_SECONDS, lambda: self.finish(capacity["DesiredInstanceCount"]))
            return {"EndpointArn": self.cloud.arn("sagemaker", "endpoint/churn")}

        def finish(self, count: int) -> None:
            self.status, self.count = self.outcome.get("status", "InService"), self.outcome.get("count", count)

    return [SageMaker, CloudWatch, AutoScaling]


@pytest.fixture
def endpoint(cloud: Any) -> Any:
    return cloud.services["sagemaker"]


@pytest.fixture
def scaling(cloud: Any) -> Any:
    """boto3's client; a minute of the cloud's clock has just started."""
    now = cloud.clock.seconds()
    cloud.clock.advance((math.floor(now / 60) + 1) * 60 - now + 0.01)
    return cloud.client("application-autoscaling")


@pytest.fixture
def target(scaling: Any) -> Callable[..., str]:
    def register(low: int = 1, high: int = 4, **more: Any) -> str:
        arn: str = scaling.register_scalable_target(**NAMED, MinCapacity=low, MaxCapacity=high, **more)[
            "ScalableTargetARN"
        ]
        return arn

    return register


@pytest.fixture
def tracking(scaling: Any) -> Callable[..., dict[str, Any]]:
    """A policy of 100 invocations a minute and instance."""

    def put(name: str = "busy", **more: Any) -> dict[str, Any]:
        metric = {"PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"}}
        settings = {"TargetValue": 100.0, **({} if "CustomizedMetricSpecification" in more else metric), **more}
        response: dict[str, Any] = scaling.put_scaling_policy(
            **NAMED,
            PolicyName=name,
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration=settings,
        )
        return response

    return put


@pytest.fixture
def minutes(cloud: Any) -> Callable[..., None]:
    """Minutes pass, each with so many invocations per instance."""
    cloudwatch = cloud.services["cloudwatch"]

    def pass_by(count: int, invocations: float | None = None) -> None:
        for _ in range(count):
            if invocations is not None:
                dimensions = {"EndpointName": "churn", "VariantName": "AllTraffic"}
                cloud.metric("AWS/SageMaker", "InvocationsPerInstance", invocations, dimensions)
            cloudwatch.settle()
            cloud.clock.advance(60)
            cloudwatch.settle()

    return pass_by


@pytest.fixture
def activities(scaling: Any) -> Callable[..., list[dict[str, Any]]]:
    def describe(**more: Any) -> list[dict[str, Any]]:
        described: list[dict[str, Any]] = scaling.describe_scaling_activities(ServiceNamespace="sagemaker", **more)[
            "ScalingActivities"
        ]
        return described

    return describe
