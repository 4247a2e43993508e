"""Target tracking: alarms that CloudWatch evaluates, and the changes of capacity."""

import pytest

from localcloud.services.autoscaling import tracking as rules

NAMED = {
    "ServiceNamespace": "sagemaker",
    "ResourceId": "endpoint/churn/variant/AllTraffic",
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
}


def test_the_policy_creates_two_alarms(cloud, target, tracking, scaling):
    target()
    put = tracking()
    alarms = {alarm["AlarmName"]: alarm for alarm in cloud.client("cloudwatch").describe_alarms()["MetricAlarms"]}
    assert {alarm["AlarmName"] for alarm in put["Alarms"]} == alarms.keys()
    high, low = (alarms[name] for name in sorted(alarms))
    assert high["AlarmName"].startswith("TargetTracking-endpoint/churn/variant/AllTraffic-AlarmHigh-")
    assert low["AlarmName"].startswith("TargetTracking-endpoint/churn/variant/AllTraffic-AlarmLow-")
    assert (high["Threshold"], high["ComparisonOperator"], high["EvaluationPeriods"]) == (
        100,
        "GreaterThanThreshold",
        3,
    )
    assert (low["Threshold"], low["ComparisonOperator"], low["EvaluationPeriods"]) == (90, "LessThanThreshold", 15)
    for alarm in (high, low):
        assert alarm["AlarmActions"] == [put["PolicyARN"]]
        assert (alarm["MetricName"], alarm["Statistic"], alarm["Period"]) == ("InvocationsPerInstance", "Sum", 60)
        assert {each["Name"]: each["Value"] for each in alarm["Dimensions"]} == {
            "EndpointName": "churn",
            "VariantName": "AllTraffic",
        }
    (policy,) = scaling.describe_scaling_policies(**NAMED)["ScalingPolicies"]
    assert policy["Alarms"] == put["Alarms"]
    assert policy["TargetTrackingScalingPolicyConfiguration"]["TargetValue"] == 100


def test_more_traffic_means_more_instances_after_three_minutes(endpoint, target, tracking, minutes, activities):
    target(1, 8)
    tracking()
    minutes(2, 240)
    assert endpoint.desired == []
    minutes(2, 240)
    assert endpoint.desired == [5]  # 2 instances * 240 / 100
    minutes(2, 96)
    (activity,) = activities()
    assert activity["StatusCode"] == "Successful"
    assert activity["Cause"].startswith("monitor alarm TargetTracking-")
    assert activity["Cause"].endswith("in state ALARM triggered policy busy")


def test_added_instances_count_during_the_cooldown(endpoint, target, tracking, minutes):
    target(1, 20)
    tracking(ScaleOutCooldown=600)
    minutes(4, 240)
    minutes(6, 240)  # still from 2 instances: 5 are there already
    assert endpoint.desired == [5]
    minutes(2, 400)
    assert endpoint.desired == [5, 8]
    minutes(12, 150)
    assert endpoint.desired[:3] == [5, 8, 12]  # the cooldown is over: 8 * 150 / 100


def test_the_maximum_is_not_exceeded(endpoint, target, tracking, minutes, activities):
    target(1, 4)
    tracking(ScaleOutCooldown=0)
    minutes(12, 1000)
    assert endpoint.desired == [4]
    assert len(activities()) == 1
    (not_scaled, _) = activities(IncludeNotScaledActivities=True)
    assert not_scaled["NotScaledReasons"] == [
        {"Code": "AlreadyAtMaxCapacity", "MaxCapacity": 4, "CurrentCapacity": 4},
    ]


def test_less_traffic_for_fifteen_minutes_means_fewer_instances(endpoint, target, tracking, minutes):
    endpoint.count = 4
    target(1, 4)
    tracking()
    minutes(14, 45)
    assert endpoint.desired == []
    minutes(2, 45)
    assert endpoint.desired == [2]


def test_scaling_in_has_a_cooldown_and_stops_at_the_minimum(endpoint, target, tracking, minutes, activities):
    endpoint.count = 8
    target(1, 8)
    tracking(ScaleInCooldown=900)
    minutes(1, 80)
    minutes(15, 45)  # the highest of the fifteen minutes was 45, or 80
    first = list(endpoint.desired)
    assert first in ([4], [7])
    minutes(14, 10)
    assert endpoint.desired == first
    minutes(20, 10)
    assert endpoint.desired[1:] == [1]
    minutes(16, 0)
    codes = [each["NotScaledReasons"][0]["Code"] for each in activities(IncludeNotScaledActivities=True)[:1]]
    assert codes == ["AlreadyAtMinCapacity"]


def test_scaling_in_can_be_disabled_and_suspended(endpoint, target, tracking, minutes, scaling):
    endpoint.count = 4
    target(1, 4)
    tracking(DisableScaleIn=True)
    minutes(20, 10)
    assert endpoint.desired == []
    tracking(DisableScaleIn=False)
    scaling.register_scalable_target(**NAMED, SuspendedState={"DynamicScalingInSuspended": True})
    minutes(20, 10)
    assert endpoint.desired == []
    scaling.register_scalable_target(**NAMED, SuspendedState={"DynamicScalingInSuspended": False})
    minutes(2, 10)
    assert endpoint.desired == [1]


def test_scaling_out_can_be_suspended(endpoint, target, tracking, minutes):
    target(1, 4, SuspendedState={"DynamicScalingOutSuspended": True})
    tracking()
    minutes(6, 240)
    assert endpoint.desired == []


def test_without_data_nothing_happens(endpoint, target, tracking, minutes):
    target(1, 4)
    tracking()
    minutes(20)
    assert endpoint.desired == []


def test_an_updating_endpoint_is_a_failed_activity(endpoint, target, tracking, minutes, activities):
    target(1, 8)
    tracking()
    endpoint.status = "Updating"
    minutes(6, 240)
    assert endpoint.desired == []
    (activity,) = activities()
    assert activity["StatusCode"] == "Failed"
    assert "Cannot update in-progress endpoint" in activity["StatusMessage"]
    endpoint.status = "InService"
    minutes(2, 240)
    assert endpoint.desired == [5]


def test_two_policies_scale_in_only_together(cloud, endpoint, target, tracking, minutes):
    endpoint.count = 4
    target(1, 4)
    tracking()
    own = {"MetricName": "depth", "Namespace": "shop", "Statistic": "Average"}
    tracking("own", CustomizedMetricSpecification=own, TargetValue=10.0)
    for _ in range(18):
        cloud.metric("shop", "depth", 9.5, {})
        minutes(1, 10)
    assert endpoint.desired == []
    for _ in range(18):
        cloud.metric("shop", "depth", 4.0, {})
        minutes(1, 10)
    assert endpoint.desired[0] == 2  # depth requires 2, invocations 1


def test_a_custom_metric_by_metric_math(cloud, endpoint, target, tracking, minutes):
    target(1, 8)
    stat = {"Metric": {"Namespace": "shop", "MetricName": "depth"}, "Stat": "Sum"}
    metrics = [
        {"Id": "m", "MetricStat": stat, "ReturnData": False},
        {"Id": "each", "Expression": "m / 2", "ReturnData": True},
    ]
    tracking(CustomizedMetricSpecification={"Metrics": metrics}, TargetValue=10.0)
    for _ in range(4):
        cloud.metric("shop", "depth", 40.0, {})
        minutes(1)
    assert endpoint.desired == [4]


def test_a_changed_policy_keeps_its_arn_and_its_alarms(cloud, target, tracking, scaling):
    target()
    before = tracking()
    after = tracking(TargetValue=50.0)
    assert [after[key] for key in ("PolicyARN", "Alarms")] == [before[key] for key in ("PolicyARN", "Alarms")]
    thresholds = [alarm["Threshold"] for alarm in cloud.client("cloudwatch").describe_alarms()["MetricAlarms"]]
    assert sorted(thresholds) == [45, 50]
    scaling.delete_scaling_policy(**NAMED, PolicyName="busy")
    assert cloud.client("cloudwatch").describe_alarms()["MetricAlarms"] == []


def test_invalid_policies(scaling, target, refused):
    put = scaling.put_scaling_policy
    name, key = {"PolicyName": "p", "PolicyType": "TargetTrackingScaling"}, "TargetTrackingScalingPolicyConfiguration"

    def metric(kind):
        return {"TargetValue": 1.0, "PredefinedMetricSpecification": {"PredefinedMetricType": kind}}

    refused(put, "ObjectNotFoundException", **NAMED, **name, **{key: metric("SageMakerVariantInvocationsPerInstance")})
    target()
    for code, message, settings in (
        ("ValidationException", "Exactly one", {"TargetValue": 1.0}),
        ("ValidationException", "not a metric of", metric("ECSServiceAverageCPUUtilization")),
        ("NotImplementedByLocalcloud", "only", metric("SageMakerVariantConcurrentRequestsPerModelHighResolution")),
        (
            "ValidationException",
            "greater than 0",
            metric("SageMakerVariantInvocationsPerInstance") | {"TargetValue": 0},
        ),
        ("ValidationException", "needs", {"TargetValue": 1.0, "CustomizedMetricSpecification": {"MetricName": "m"}}),
    ):
        assert message in refused(put, code, **NAMED, **name, **{key: settings})
    assert "needs" in refused(put, "ValidationException", **NAMED, **name)
    refused(put, "NotImplementedByLocalcloud", **NAMED, **name | {"PolicyType": "PredictiveScaling"})
    absent = refused(scaling.delete_scaling_policy, "ObjectNotFoundException", **NAMED, PolicyName="p")
    assert absent.startswith("No scaling policy found for service namespace: sagemaker")
    assert absent.endswith("policy name: p")


@pytest.mark.parametrize(
    ("capacity", "value", "target", "expected"),
    [(2, 150, 100, 3), (3, 0.1, 0.3, 1), (10, 11, 100, 2), (4, 0, 5, 0), (1, 100, 100, 1)],
)
def test_the_capacity_that_meets_the_target(capacity, value, target, expected):
    assert rules.new_capacity(capacity, value, target) == expected
