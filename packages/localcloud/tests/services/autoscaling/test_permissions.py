"""Application Auto Scaling acts under a role that is linked to it; its callers need what it does for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.roles
SERVICE = "sagemaker.application-autoscaling.amazonaws.com"
ROLE = "AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"
ARN = f"arn:aws:iam::000000000000:role/aws-service-role/{SERVICE}/{ROLE}"
NAMED = {
    "ServiceNamespace": "sagemaker",
    "ResourceId": "endpoint/churn/variant/AllTraffic",
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
}
ROOT = "arn:aws:iam::000000000000:root"


def test_the_first_target_creates_the_role(cloud: Any, target: Callable[..., str]) -> None:
    iam = cloud.client("iam")
    assert iam.list_roles()["Roles"] == []
    target()
    target()
    (role,) = iam.list_roles()["Roles"]
    assert role["Arn"] == ARN
    (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": SERVICE}
    (policy,) = iam.list_attached_role_policies(RoleName=ROLE)["AttachedPolicies"]
    assert policy["PolicyName"] == "AWSApplicationAutoscalingSageMakerEndpointPolicy"


def test_who_registers_a_target_needs_what_scaling_needs(target: Callable[..., str], access: Any) -> None:
    target()
    needed = [call for call, _ in access.of_administrator if not call.startswith("application-")]
    assert needed == [
        "sagemaker.DescribeEndpoint",
        "sagemaker.UpdateEndpointWeightsAndCapacities",
        "iam.CreateServiceLinkedRole",
    ]


@pytest.mark.parametrize(
    "denied",
    ["sagemaker.DescribeEndpoint", "sagemaker.UpdateEndpointWeightsAndCapacities", "iam.CreateServiceLinkedRole"],
)
def test_without_it_nothing_is_registered(cloud: Any, scaling: Any, refused: Any, access: Any, denied: str) -> None:
    access.denied = {denied}
    sentence = refused(scaling.register_scalable_target, "AccessDeniedException", **NAMED, MinCapacity=1, MaxCapacity=2)
    assert sentence.endswith(f"is not authorized to perform: {denied.replace('.', ':')}")
    access.denied = set()
    assert scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"] == []
    assert cloud.client("iam").list_roles()["Roles"] == []


def test_scaling_acts_under_the_linked_role(
    target: Callable[..., str], tracking: Any, minutes: Any, endpoint: Any, access: Any
) -> None:
    target()
    tracking()
    minutes(4, 300.0)
    assert endpoint.desired
    session = f"arn:aws:sts::000000000000:assumed-role/{ROLE}/AutoScaling"
    calls = {call for who, call, _ in access.decisions if who == session}
    assert calls == {"sagemaker.DescribeEndpoint", "sagemaker.UpdateEndpointWeightsAndCapacities"}
    assert access.sessions == {ARN: (SERVICE, "")}


def test_the_alarms_are_put_by_the_caller_who_puts_the_policy(
    cloud: Any, target: Callable[..., str], tracking: Any, refused: Any, access: Any
) -> None:
    target()
    access.denied = {"cloudwatch.PutMetricAlarm"}
    sentence = refused(tracking, "AccessDeniedException")
    assert sentence == f"User: {ROOT} is not authorized to perform: cloudwatch:PutMetricAlarm"
    assert cloud.client("cloudwatch").describe_alarms()["MetricAlarms"] == []


def test_the_alarms_are_deleted_by_the_caller_who_deletes_the_policy(
    scaling: Any, target: Callable[..., str], tracking: Any, refused: Any, access: Any
) -> None:
    target()
    tracking()
    access.denied = {"cloudwatch.DeleteAlarms"}
    refused(scaling.delete_scaling_policy, "AccessDeniedException", **NAMED, PolicyName="busy")
    assert len(scaling.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"]) == 1


def test_the_linked_role_s_policy_allows_scaling(
    target: Callable[..., str], tracking: Any, minutes: Any, endpoint: Any
) -> None:
    target()
    tracking()
    minutes(4, 300.0)
    assert endpoint.desired


def test_without_the_linked_role_nothing_is_scaled(
    cloud: Any, target: Callable[..., str], tracking: Any, minutes: Any, endpoint: Any, activities: Any
) -> None:
    target()
    tracking()
    with cloud.moto("iam") as iam:
        iam.roles.clear()
    minutes(4, 300.0)
    assert endpoint.desired == []
