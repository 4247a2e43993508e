"""Step scaling: the arithmetic, and a policy triggered by a user's alarm."""

import pytest

from localcloud.services.autoscaling.steps import aggregate, new_capacity, problems

NAMED = {
    "ServiceNamespace": "sagemaker",
    "ResourceId": "endpoint/churn/variant/AllTraffic",
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
}


def step(low, high, adjustment):
    bounds = {"MetricIntervalLowerBound": low, "MetricIntervalUpperBound": high}
    return {"ScalingAdjustment": adjustment, **{name: value for name, value in bounds.items() if value is not None}}


UP = [step(0, 10, 1), step(10, None, 3)]
DOWN = [step(None, -10, -2), step(-10, 0, -1)]


@pytest.mark.parametrize(
    ("steps", "beyond", "capacity"),
    [(UP, 0, 5), (UP, 9.9, 5), (UP, 10, 7), (DOWN, -10, 2), (DOWN, -9, 3), (UP, -1, None)],
)
def test_the_step_that_applies(steps, beyond, capacity):
    assert new_capacity({"AdjustmentType": "ChangeInCapacity", "StepAdjustments": steps}, 4, beyond) == capacity


@pytest.mark.parametrize(
    ("capacity", "percent", "least", "result"),
    [(10, 25, None, 12), (2, 10, None, 3), (10, -25, None, 8), (2, -10, None, 1), (4, 10, 2, 6), (10, 0, None, 10)],
)
def test_percentages_are_rounded_towards_zero_but_never_to_zero(capacity, percent, least, result):
    settings = {"AdjustmentType": "PercentChangeInCapacity", "StepAdjustments": [step(0, None, percent)]}
    if least:
        settings["MinAdjustmentMagnitude"] = least
    assert new_capacity(settings, capacity, 1) == result


def test_an_exact_capacity():
    assert new_capacity({"AdjustmentType": "ExactCapacity", "StepAdjustments": [step(0, None, 6)]}, 4, 1) == 6


def test_aggregation():
    assert [aggregate([1, 2, 6], how) for how in ("Minimum", "Average", "Maximum")] == [1, 3, 6]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"StepAdjustments": UP}, "needs AdjustmentType"),
        ({"AdjustmentType": "ExactCapacity", "StepAdjustments": []}, "at least one"),
        ({"AdjustmentType": "ExactCapacity", "StepAdjustments": [step(5, 5, 1)]}, "less than"),
        ({"AdjustmentType": "ExactCapacity", "StepAdjustments": [step(0, 6, 1), step(5, None, 1)]}, "overlap"),
        ({"AdjustmentType": "ExactCapacity", "StepAdjustments": [step(0, 4, 1), step(5, None, 1)]}, "gap"),
        ({"AdjustmentType": "ExactCapacity", "StepAdjustments": [step(0, 4, 1)]}, "positive"),
        ({"AdjustmentType": "ExactCapacity", "StepAdjustments": [step(-4, 0, 1)]}, "negative"),
        ({"AdjustmentType": "ExactCapacity", "StepAdjustments": [step(0, None, -1)]}, "must not be negative"),
        ({"AdjustmentType": "ExactCapacity", "StepAdjustments": UP, "MinAdjustmentMagnitude": 2}, "only for"),
    ],
)
def test_invalid_steps(settings, message):
    assert any(message in sentence for sentence in problems(settings))


def test_valid_steps():
    for steps in (UP, DOWN, UP + DOWN, [step(None, None, 1)]):
        assert not list(problems({"AdjustmentType": "ChangeInCapacity", "StepAdjustments": steps}))


@pytest.fixture
def policy(cloud, scaling, target):
    """Scales by ``UP``, triggered by an alarm at 100 invocations per instance."""

    def put(**more):
        settings = {"AdjustmentType": "ChangeInCapacity", "StepAdjustments": UP, "Cooldown": 300, **more}
        arn = scaling.put_scaling_policy(
            **NAMED, PolicyName="steps", PolicyType="StepScaling", StepScalingPolicyConfiguration=settings
        )["PolicyARN"]
        dimensions = [{"Name": "EndpointName", "Value": "churn"}, {"Name": "VariantName", "Value": "AllTraffic"}]
        cloud.client("cloudwatch").put_metric_alarm(
            AlarmName="busy",
            Namespace="AWS/SageMaker",
            MetricName="InvocationsPerInstance",
            Dimensions=dimensions,
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=100,
            ComparisonOperator="GreaterThanThreshold",
            AlarmActions=[arn],
        )
        return arn

    target(1, 20)
    return put


def test_the_difference_to_the_threshold_selects_the_step(endpoint, policy, minutes):
    policy()
    minutes(2, 105)
    assert endpoint.desired == [3]


def test_a_larger_step_during_the_cooldown_adds_the_difference(endpoint, policy, minutes):
    policy(Cooldown=600)
    minutes(6, 105)
    assert endpoint.desired == [3]
    minutes(4, 150)
    assert endpoint.desired == [3, 5]  # 2 + 3, of which 1 was there
    minutes(4, 150)
    assert endpoint.desired == [3, 5]


def test_after_the_cooldown_it_scales_again_while_the_alarm_lasts(endpoint, policy, minutes):
    policy(Cooldown=60)
    minutes(6, 105)
    assert endpoint.desired == [3, 4]


def test_the_policy_lists_the_user_s_alarm(cloud, scaling, policy):
    policy()
    (policy,) = scaling.describe_scaling_policies(**NAMED)["ScalingPolicies"]
    assert [alarm["AlarmName"] for alarm in policy["Alarms"]] == ["busy"]
    scaling.delete_scaling_policy(**NAMED, PolicyName="steps")
    assert len(cloud.client("cloudwatch").describe_alarms()["MetricAlarms"]) == 1


def test_an_action_without_its_policy_fails_in_the_alarm_s_history(cloud, scaling, endpoint, policy, minutes):
    policy()
    scaling.delete_scaling_policy(**NAMED, PolicyName="steps")
    minutes(2, 105)
    history = cloud.client("cloudwatch").describe_alarm_history(AlarmName="busy", HistoryItemType="Action")
    (entry,) = history["AlarmHistoryItems"]
    assert "There is no such scaling policy" in entry["HistorySummary"]
    assert endpoint.desired == []


def test_an_alarm_set_by_hand_triggers_the_step_at_the_threshold(cloud, endpoint, policy):
    policy()
    cloud.client("cloudwatch").set_alarm_state(AlarmName="busy", StateValue="ALARM", StateReason="a try")
    cloud.services["cloudwatch"].settle()
    assert endpoint.desired == [3]


def test_the_type_of_a_policy_cannot_change(scaling, policy, tracking, refused):
    policy()
    metric = {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"}
    settings = {"TargetValue": 1.0, "PredefinedMetricSpecification": metric}
    message = refused(
        scaling.put_scaling_policy,
        "ValidationException",
        **NAMED,
        PolicyName="steps",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration=settings,
    )
    assert "cannot be changed" in message
