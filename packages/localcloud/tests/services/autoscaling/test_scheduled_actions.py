"""Scheduled actions: the limits change at their time, and the capacity with them."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

NAMED = {
    "ServiceNamespace": "sagemaker",
    "ResourceId": "endpoint/churn/variant/AllTraffic",
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
}


@pytest.fixture
def action(scaling, target):
    target(1, 4)

    def put(schedule, low=None, high=None, name="morning", **more):
        limits = {"MinCapacity": low, "MaxCapacity": high}
        limits = {key: value for key, value in limits.items() if value is not None}
        limit_members = {"ScalableTargetAction": limits} if limits else {}
        scaling.put_scheduled_action(**NAMED, ScheduledActionName=name, Schedule=schedule, **limit_members, **more)

    return put


def limits(scaling):
    (described,) = scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]
    return described["MinCapacity"], described["MaxCapacity"]


def test_at_in_a_time_zone(cloud, scaling, endpoint, action, minutes, activities):
    zone = ZoneInfo("Asia/Tokyo")
    when = (cloud.clock.now() + timedelta(minutes=10)).astimezone(zone).strftime("%Y-%m-%dT%H:%M:00")
    action(f"at({when})", 3, 6, Timezone="Asia/Tokyo")
    minutes(9)
    assert limits(scaling) == (1, 4)
    minutes(4)
    assert limits(scaling) == (3, 6)
    assert (endpoint.desired, endpoint.count) == ([3], 3)
    (activity,) = activities()
    assert activity["StatusCode"] == "Successful"
    assert activity["Cause"] == (
        "scheduled action name morning was triggered: minimum capacity was set to 3 and maximum capacity was set to 6"
    )


def test_a_rate_and_only_one_limit(scaling, endpoint, action, minutes):
    action("rate(5 minutes)", low=3)
    minutes(6)
    assert limits(scaling) == (3, 4)
    scaling.register_scalable_target(**NAMED, MinCapacity=1)
    minutes(5)
    assert limits(scaling) == (3, 4)


def test_cron_between_its_start_and_its_end(cloud, scaling, endpoint, action, minutes):
    start = cloud.clock.now() + timedelta(minutes=5)
    action("cron(* * * * ? *)", high=1, StartTime=start, EndTime=start + timedelta(minutes=3))
    minutes(4)
    assert endpoint.desired == []
    minutes(6)
    assert endpoint.desired == [1]
    scaling.register_scalable_target(**NAMED, MaxCapacity=4)
    minutes(5)
    assert limits(scaling) == (1, 4)


def test_suspended_deleted_and_replaced_actions_do_nothing(scaling, endpoint, action, minutes, refused):
    action("rate(1 minute)", low=3, name="deleted")
    action("rate(1 minute)", low=3)
    action("rate(1 day)")  # replaces it, and keeps what it does not say
    (_, updated) = scaling.describe_scheduled_actions(ServiceNamespace="sagemaker")["ScheduledActions"]
    assert (updated["Schedule"], updated["ScalableTargetAction"]) == ("rate(1 day)", {"MinCapacity": 3})
    scaling.delete_scheduled_action(**NAMED, ScheduledActionName="deleted")
    minutes(5)
    assert endpoint.desired == []
    scaling.register_scalable_target(**NAMED, SuspendedState={"ScheduledScalingSuspended": True})
    action("rate(1 minute)", low=3)
    minutes(5)
    assert endpoint.desired == []
    refused(scaling.delete_scheduled_action, "ObjectNotFoundException", **NAMED, ScheduledActionName="deleted")


def test_an_action_that_is_deleted_when_it_is_due_does_nothing(cloud, scaling, endpoint, action):
    action("rate(1 minute)", low=3)
    target = cloud.services["application-autoscaling"].targets.get(NAMED["ResourceId"], NAMED["ScalableDimension"])
    fire = target.actions["morning"].timer.callback
    scaling.delete_scheduled_action(**NAMED, ScheduledActionName="morning")
    fire()
    assert endpoint.desired == []


def test_contradictory_limits_are_a_failed_activity(scaling, endpoint, action, minutes, activities):
    action("rate(1 minute)", low=9)
    minutes(3)
    assert limits(scaling) == (1, 4)
    (activity,) = activities()
    assert activity["StatusMessage"] == "Minimum capacity 9 would be more than maximum capacity 4."


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"Schedule": "rate(1 minutes)"}, "1 minute"),
        ({"Schedule": "at(tomorrow)"}, "at("),
        ({"Schedule": "rate(1 day)", "Timezone": "Mars"}, "not a time zone"),
        (
            {"Schedule": "rate(1 day)", "ScalableTargetAction": {"MinCapacity": 3, "MaxCapacity": 1}},
            "less than minimum",
        ),
        ({"Schedule": "rate(1 day)", "ScalableTargetAction": {}}, "needs Schedule"),
        ({}, "needs Schedule"),
        ({"Schedule": "rate(1 day)", "StartTime": datetime(2026, 2, 1), "EndTime": datetime(2026, 1, 1)}, "later"),
    ],
)
def test_invalid_scheduled_actions(scaling, target, refused, members, message):
    target()
    request = {"ScheduledActionName": "a", "ScalableTargetAction": {"MinCapacity": 1}, **members}
    assert message in refused(scaling.put_scheduled_action, "ValidationException", **NAMED, **request)
    assert scaling.describe_scheduled_actions(ServiceNamespace="sagemaker")["ScheduledActions"] == []
