"""Schedules and groups: what is told of them, and when they are invoked."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

ROLE = "arn:aws:iam::000000000000:role/r"
OFF = {"Mode": "OFF"}


def test_a_schedule_is_told_as_it_was_put(scheduler, schedule, queue):
    arn = schedule(
        "nightly", queue("q"), "cron(0 2 * * ? *)", Description="d", ScheduleExpressionTimezone="Europe/Oslo"
    )
    told = scheduler.get_schedule(Name="nightly")
    assert arn == told["Arn"] == "arn:aws:scheduler:eu-west-1:000000000000:schedule/default/nightly"
    assert (told["GroupName"], told["State"], told["Description"]) == ("default", "ENABLED", "d")
    assert told["ScheduleExpressionTimezone"] == "Europe/Oslo"
    assert told["Target"]["RetryPolicy"] == {"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 185}
    (listed,) = scheduler.list_schedules()["Schedules"]
    assert (listed["Name"], listed["Target"]) == ("nightly", {"Arn": told["Target"]["Arn"]})


def test_an_update_replaces_everything(scheduler, schedule, queue):
    schedule("s", queue("q"), Description="d", State="DISABLED")
    created = scheduler.get_schedule(Name="s")["CreationDate"]
    target = {"Arn": queue("other"), "RoleArn": ROLE}
    scheduler.update_schedule(Name="s", ScheduleExpression="rate(1 day)", FlexibleTimeWindow=OFF, Target=target)
    told = scheduler.get_schedule(Name="s")
    assert (told["State"], told["ScheduleExpression"], told["CreationDate"]) == ("ENABLED", "rate(1 day)", created)
    assert "Description" not in told


def test_a_rate_begins_at_once_and_goes_on(schedule, queue, step, bodies):
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
    (told,) = bodies("q")
    assert told.endswith("T02:30:00Z")


def test_once_and_then_it_is_deleted_if_so_asked(cloud, scheduler, schedule, queue, step, bodies):
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


def test_disabled_deleted_and_forgotten_schedules_are_silent(cloud, scheduler, schedule, queue, step, bodies):
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


def test_one_that_is_deleted_while_its_time_comes_is_silent(cloud, scheduler, schedule, queue, step, bodies):
    schedule("s", queue("q"), "cron(0 * * * ? *)")
    come = cloud.services["scheduler"].groups.find("default").schedules["s"].timer.callback
    scheduler.delete_schedule(Name="s")
    come()
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


def test_what_is_not_there(scheduler, queue, refused):
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
    """That is a rule of EventBridge's own schedules only."""
    schedule("s", queue("q"), expression)
    assert scheduler.get_schedule(Name="s")["ScheduleExpression"] == expression


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"ScheduleExpression": "daily"}, "Invalid Schedule Expression daily"),
        ({"ScheduleExpressionTimezone": "Mars"}, "Mars is not a time zone"),
        ({"FlexibleTimeWindow": {"Mode": "FLEXIBLE"}}, "MaximumWindowInMinutes"),
        ({"FlexibleTimeWindow": {"Mode": "OFF", "MaximumWindowInMinutes": 5}}, "MaximumWindowInMinutes"),
        ({"EndDate": datetime(2020, 1, 1, tzinfo=UTC)}, "EndDate"),
    ],
)
def test_what_is_no_schedule(scheduler, queue, refused, said, words):
    request = {"ScheduleExpression": "rate(1 day)", "FlexibleTimeWindow": OFF, **said}
    target = {"Arn": queue("q"), "RoleArn": ROLE}
    assert words in refused(scheduler.create_schedule, "ValidationException", Name="s", Target=target, **request)
    assert scheduler.list_schedules()["Schedules"] == []
