"""Scalable targets: registered, limited, described, tagged, deregistered."""

import pytest

NAMED = {
    "ServiceNamespace": "sagemaker",
    "ResourceId": "endpoint/churn/variant/AllTraffic",
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
}


def described(scaling):
    return scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]


def test_a_target_is_described_as_it_was_registered(cloud, scaling, target):
    arn = target(1, 4, SuspendedState={"DynamicScalingInSuspended": True})
    (registered,) = described(scaling)
    assert (registered["ScalableTargetARN"], registered["MinCapacity"], registered["MaxCapacity"]) == (arn, 1, 4)
    assert registered.items() >= NAMED.items()
    assert registered["SuspendedState"]["DynamicScalingInSuspended"] is True
    assert registered["SuspendedState"]["ScheduledScalingSuspended"] is False
    assert "AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint" in registered["RoleARN"]
    service = cloud.services["application-autoscaling"]
    assert NAMED["ResourceId"] in service.targets
    assert "endpoint/other/variant/AllTraffic" not in service.targets


def test_a_change_keeps_other_members(scaling, target):
    arn = target(1, 4)
    assert scaling.register_scalable_target(**NAMED, MaxCapacity=6)["ScalableTargetARN"] == arn
    (registered,) = described(scaling)
    assert (registered["MinCapacity"], registered["MaxCapacity"]) == (1, 6)


def test_the_capacity_follows_the_limits(endpoint, target, minutes, activities):
    target(3, 4)
    assert endpoint.desired == [3]
    (activity,) = activities()
    assert (activity["StatusCode"], activity["Description"]) == ("InProgress", "Setting desired instance count to 3.")
    minutes(3)
    (activity,) = activities()
    assert activity["StatusCode"] == "Successful"
    assert activity["Cause"] == "minimum capacity was set to 3 and maximum capacity was set to 4"
    assert activity["EndTime"] > activity["StartTime"]
    target(1, 2)
    assert endpoint.desired == [3, 2]


def test_limits_that_change_during_a_change_of_capacity_are_met_afterwards(endpoint, target, minutes):
    target(3, 4)
    target(1, 1)
    assert endpoint.desired == [3]
    minutes(5)
    assert endpoint.desired == [3, 1]


def test_an_updating_endpoint_is_scaled_when_it_is_in_service(endpoint, target, minutes, activities):
    endpoint.status = "Updating"
    target(3, 4)
    minutes(5)
    assert endpoint.desired == []
    (activity,) = activities()  # one, however often it was tried
    assert activity["StatusCode"] == "Failed"
    assert "Cannot update in-progress endpoint" in activity["StatusMessage"]
    endpoint.status = "InService"
    minutes(4)
    assert (endpoint.desired, endpoint.count) == ([3], 3)
    assert activities()[0]["StatusCode"] == "Successful"


@pytest.mark.parametrize(
    ("outcome", "status", "words"),
    [
        ({"status": "Failed"}, "Failed", "The endpoint is Failed"),
        ({"status": "gone"}, "Failed", "The endpoint is gone"),
        ({"count": 2}, "Unfulfilled", "with 2 instances, not 3"),
    ],
)
def test_a_change_that_fails(endpoint, target, minutes, activities, outcome, status, words):
    endpoint.outcome = outcome
    target(3, 4)
    minutes(2)
    ended = activities()[-1]
    assert ended["StatusCode"] == status
    assert words in ended["StatusMessage"]


def test_what_cannot_be_registered(scaling, endpoint, refused):
    register = scaling.register_scalable_target
    limits = {"MinCapacity": 1, "MaxCapacity": 2}
    other = {**NAMED, "ResourceId": "endpoint/other/variant/AllTraffic"}
    assert "Could not find endpoint" in refused(register, "ValidationException", **other, **limits)
    other = {**NAMED, "ResourceId": "endpoint/churn/variant/Other"}
    assert "no variant Other" in refused(register, "ValidationException", **other, **limits)
    assert "not endpoint/" in refused(register, "ValidationException", **NAMED | {"ResourceId": "churn"}, **limits)
    assert "are required" in refused(register, "ValidationException", **NAMED, MinCapacity=1)
    assert "less than minimum" in refused(register, "ValidationException", **NAMED, MinCapacity=3, MaxCapacity=2)
    assert "negative" in refused(register, "ValidationException", **NAMED, MinCapacity=-1, MaxCapacity=2)
    endpoint.status = "Creating"
    assert "Creating" in refused(register, "ValidationException", **NAMED, **limits)
    assert described(scaling) == []


def test_what_localcloud_does_not_scale(scaling, refused):
    table = {"ResourceId": "table/t", "ScalableDimension": "dynamodb:table:ReadCapacityUnits"}
    register, limits = scaling.register_scalable_target, {"MinCapacity": 1, "MaxCapacity": 2}
    message = refused(register, "NotImplementedByLocalcloud", ServiceNamespace="dynamodb", **table, **limits)
    assert "dynamodb:table:ReadCapacityUnits" in message
    assert "Unsupported" in refused(register, "ValidationException", ServiceNamespace="ecs", **table, **limits)
    assert scaling.describe_scalable_targets(ServiceNamespace="dynamodb")["ScalableTargets"] == []


def test_deregistering_deletes_all_but_the_capacity(cloud, scaling, endpoint, target, tracking, minutes, refused):
    target()
    tracking()
    action = {"ScheduledActionName": "night", "Schedule": "rate(1 minute)"}
    scaling.put_scheduled_action(**NAMED, **action, ScalableTargetAction={"MinCapacity": 3})
    assert len(cloud.client("cloudwatch").describe_alarms()["MetricAlarms"]) == 2
    scaling.deregister_scalable_target(**NAMED)
    assert cloud.client("cloudwatch").describe_alarms()["MetricAlarms"] == []
    assert described(scaling) == []
    assert scaling.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"] == []
    minutes(3)
    assert endpoint.desired == []
    message = refused(scaling.deregister_scalable_target, "ObjectNotFoundException", **NAMED)
    assert message == (
        "No scalable target found for service namespace: sagemaker, "
        "resource ID: endpoint/churn/variant/AllTraffic, scalable dimension: sagemaker:variant:DesiredInstanceCount"
    )


def test_tags(scaling, target, refused):
    arn = target(Tags={"team": "a"})
    scaling.tag_resource(ResourceARN=arn, Tags={"cost": "b"})
    scaling.untag_resource(ResourceARN=arn, TagKeys=["team"])
    assert scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"cost": "b"}
    refused(scaling.tag_resource, "TooManyTagsException", ResourceARN=arn, Tags={str(n): "" for n in range(50)})
    refused(scaling.list_tags_for_resource, "ResourceNotFoundException", ResourceARN=f"{arn}x")


def test_a_reset_deletes_everything(cloud, scaling, endpoint, target, minutes):
    endpoint.status = "Updating"
    target(3, 4)
    cloud.reset()
    endpoint.status = "InService"
    minutes(3)
    assert (described(scaling), endpoint.desired) == ([], [])


def test_sagemaker_knows_which_variants_are_scaled(endpoint, target, scaling):
    assert not endpoint.endpoints.is_scalable_target(NAMED["ResourceId"])
    target()
    assert endpoint.endpoints.is_scalable_target(NAMED["ResourceId"])
    scaling.deregister_scalable_target(**NAMED)
    assert not endpoint.endpoints.is_scalable_target(NAMED["ResourceId"])
