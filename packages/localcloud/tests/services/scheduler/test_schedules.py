"""Schedules and groups: descriptions, and when schedules are invoked."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

ROLE = "arn:aws:iam::000000000000:role/r"
OFF = {"Mode": "OFF"}


def test_a_schedule_is_described_as_it_was_put(scheduler, schedule, queue):
    arn = schedule(
        "nightly", queue("q"), "cron(0 2 * * ? *)", Description="d", ScheduleExpressionTimezone="Europe/Oslo"
    )
    description = scheduler.get_schedule(Name="nightly")
    assert arn == description["Arn"] == "arn:aws:scheduler:eu-west-1:000000000000:schedule/default/nightly"
    assert (description["GroupName"], description["State"], description["Description"]) == ("default", "ENABLED", "d")
    assert description["ScheduleExpressionTimezone"] == "Europe/Oslo"
    assert description["Target"]["RetryPolicy"] == {"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 185}
    (listed,) = scheduler.list_schedules()["Schedules"]
    assert (listed["Name"], listed["Target"]) == ("nightly", {"Arn": description["Target"]["Arn"]})


def test_an_update_replaces_everything(scheduler, schedule, queue):
    schedule("s", queue("q"), Description="d", State="DISABLED")
    created = scheduler.get_schedule(Name="s")["CreationDate"]
    target = {"Arn": queue("other"), "RoleArn": ROLE}
    scheduler.update_schedule(Name="s", ScheduleExpression="rate(1 day)", FlexibleTimeWindow=OFF, Target=target)
    updated = scheduler.get_schedule(Name="s")
    assert (updated["State"], updated["ScheduleExpression"], updated["CreationDate"]) == (
        "ENABLED",
        "rate(1 day)",
        created,
    )
    assert "Description" not in updated


def test_a_rate_begins_immediately_and_repeats(schedule, queue, step, bodies):
    schedule("s", queue("q"), target={"Input": "hello"})
    step(1)
    assert bodies("q") == ["hello"]
    step(3600 * 3)
    assert len(bodies("q")) == 3


def test_a_rate_with_a_start_counts_from_it_until_its_end(cloud, schedule, queue, step, bodies):
    start = cloud.clock.now() + timedelta(minutes=30)
    schedule("s", queue("q"), "rate(10 minutes)", StartDate=start, EndDate=start + timedelta(minutes=25))
    step(29 * 60)
    assert bodies("q") == []
    step(2 * 60)
    assert len(bodies("q")) == 1
    step(3600)
    assert len(bodies("q")) == 2


def test_cron_has_a_time_zone(cloud, schedule, queue, step, bodies):
    schedule("s", queue("q"), "cron(0 8 * * ? *)", ScheduleExpressionTimezone="Asia/Kolkata", target={
        "Input": "<aws.scheduler.scheduled-time>"
    })  # fmt: skip
    step(86400)
    (body,) = bodies("q")
    assert body.endswith("T02:30:00Z")


def test_at_fires_once_and_is_deleted_on_request(cloud, scheduler, schedule, queue, step, bodies):
    when = (cloud.clock.now() + timedelta(minutes=5)).astimezone(ZoneInfo("America/Bogota"))
    at = f"at({when:%Y-%m-%dT%H:%M:%S})"
    zone = {"ScheduleExpressionTimezone": "America/Bogota"}
    schedule("gone", queue("q"), at, ActionAfterCompletion="DELETE", target={"Input": "1"}, **zone)
    schedule("kept", queue("q"), at, target={"Input": "2"}, **zone)
    schedule("past", queue("q"), "at(2020-01-01T00:00:00)", target={"Input": "3"})
    step(240)
    assert bodies("q") == []
    step(3600)
    assert sorted(bodies("q")) == ["1", "2"]
    assert [each["Name"] for each in scheduler.list_schedules()["Schedules"]] == ["kept", "past"]


def test_a_flexible_window_is_invoked_at_its_beginning(schedule, queue, step, bodies):
    schedule("s", queue("q"), FlexibleTimeWindow={"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15})
    step(1)
    assert len(bodies("q")) == 1


def test_disabled_and_deleted_schedules_and_those_before_a_reset_do_not_fire(
    cloud, scheduler, schedule, queue, step, bodies
):
    hourly = "cron(0 * * * ? *)"
    scheduler.create_schedule_group(Name="team")
    schedule("disabled", queue("q"), hourly, State="DISABLED")
    schedule("deleted", queue("q"), hourly)
    schedule("grouped", queue("q"), hourly, GroupName="team")
    scheduler.delete_schedule(Name="deleted")
    scheduler.delete_schedule_group(Name="team")
    step(7200)
    assert bodies("q") == []
    schedule("reset", queue("q"), hourly)
    cloud.reset()
    queue("q")
    step(7200)
    assert bodies("q") == []
    assert scheduler.list_schedules()["Schedules"] == []


def test_a_schedule_that_is_deleted_when_it_is_due_does_not_fire(cloud, scheduler, schedule, queue, step, bodies):
    schedule("s", queue("q"), "cron(0 * * * ? *)")
    fire = cloud.services["scheduler"].groups.find("default").schedules["s"].timer.callback
    scheduler.delete_schedule(Name="s")
    fire()
    step(1)
    assert bodies("q") == []


def test_groups_and_their_tags(scheduler, schedule, queue, refused):
    arn = scheduler.create_schedule_group(Name="team", Tags=[{"Key": "a", "Value": "1"}])["ScheduleGroupArn"]
    schedule("s", queue("q"), GroupName="team")
    schedule("s", queue("q"))
    assert [group["Name"] for group in scheduler.list_schedule_groups()["ScheduleGroups"]] == ["default", "team"]
    assert scheduler.get_schedule_group(Name="team")["State"] == "ACTIVE"
    assert len(scheduler.list_schedules()["Schedules"]) == 2
    assert len(scheduler.list_schedules(GroupName="team", State="ENABLED", NamePrefix="s")["Schedules"]) == 1
    scheduler.tag_resource(ResourceArn=arn, Tags=[{"Key": "b", "Value": "2"}])
    scheduler.untag_resource(ResourceArn=arn, TagKeys=["a"])
    assert scheduler.list_tags_for_resource(ResourceArn=arn)["Tags"] == [{"Key": "b", "Value": "2"}]
    refused(scheduler.create_schedule_group, "ConflictException", Name="team")
    refused(scheduler.delete_schedule_group, "ValidationException", Name="default")
    refused(scheduler.list_tags_for_resource, "ResourceNotFoundException", ResourceArn=f"{arn}x")
    refused(scheduler.get_schedule_group, "ResourceNotFoundException", Name="none")


def test_the_same_token_creates_once(scheduler, queue, refused):
    request = {
        "ScheduleExpression": "rate(1 day)",
        "FlexibleTimeWindow": OFF,
        "Target": {"Arn": queue("q"), "RoleArn": ROLE},
        "Name": "s",
    }
    first = scheduler.create_schedule(**request, ClientToken="once")
    assert scheduler.create_schedule(**request, ClientToken="once")["ScheduleArn"] == first["ScheduleArn"]
    assert refused(scheduler.create_schedule, "ConflictException", **request) == "Schedule s already exists."


def test_schedules_and_groups_that_do_not_exist(scheduler, queue, refused):
    request = {
        "ScheduleExpression": "rate(1 day)",
        "FlexibleTimeWindow": OFF,
        "Target": {"Arn": queue("q"), "RoleArn": ROLE},
    }
    for call, more in (
        (scheduler.get_schedule, {"Name": "s"}),
        (scheduler.delete_schedule, {"Name": "s"}),
        (scheduler.update_schedule, {"Name": "s", **request}),
        (scheduler.create_schedule, {"Name": "s", "GroupName": "none", **request}),
        (scheduler.list_schedules, {"GroupName": "none"}),
    ):
        assert "does not exist" in refused(call, "ResourceNotFoundException", **more)


@pytest.mark.parametrize("expression", ["rate(1 hours)", "rate(1 hour)", "rate(5 minute)", "rate(5 minutes)"])
def test_a_rate_need_not_agree_in_number(scheduler, queue, schedule, expression):
    """Only rules of EventBridge require it."""
    schedule("s", queue("q"), expression)
    assert scheduler.get_schedule(Name="s")["ScheduleExpression"] == expression


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"ScheduleExpression": "daily"}, "Invalid Schedule Expression daily"),
        ({"ScheduleExpressionTimezone": "Mars"}, "Mars is not a time zone"),
        ({"FlexibleTimeWindow": {"Mode": "FLEXIBLE"}}, "MaximumWindowInMinutes"),
        ({"FlexibleTimeWindow": {"Mode": "OFF", "MaximumWindowInMinutes": 5}}, "MaximumWindowInMinutes"),
        ({"EndDate": datetime(2020, 1, 1, tzinfo=UTC)}, "EndDate"),
    ],
)
def test_invalid_schedules(scheduler, queue, refused, members, message):
    request = {"ScheduleExpression": "rate(1 day)", "FlexibleTimeWindow": OFF, **members}
    target = {"Arn": queue("q"), "RoleArn": ROLE}
    assert message in refused(scheduler.create_schedule, "ValidationException", Name="s", Target=target, **request)
    assert scheduler.list_schedules()["Schedules"] == []
