"""Rules with a schedule."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

HOURLY = "rate(1 hour)"


def test_a_rate_fires_repeatedly(
    cloud: Any, rule: Callable[..., str], queue: Any, step: Callable[[float], None], bodies: Any
) -> None:
    arn = rule("r", queue("q"), ScheduleExpression=HOURLY)
    step(3599)
    assert bodies("q") == []
    step(1)
    (event,) = bodies("q")
    assert event["source"] == "aws.events"
    assert event["detail-type"] == "Scheduled Event"
    assert event["resources"] == [arn]
    assert event["detail"] == {}
    assert event["time"] == cloud.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    step(3 * 3600)
    assert len({event["id"] for event in bodies("q")}) == 3


def test_cron_fires_at_its_minute(cloud: Any, rule: Callable[..., str], queue: Any, step: Any, bodies: Any) -> None:
    rule("r", queue("q"), ScheduleExpression="cron(30 2 * * ? *)")
    step(2 * 86400)
    times = [datetime.fromisoformat(event["time"]) for event in bodies("q")]
    assert len(times) == 2
    assert all((time.hour, time.minute, time.second) == (2, 30, 0) for time in times)


def test_only_the_rule_s_own_targets_get_the_event(
    rule: Callable[..., str], queue: Any, step: Any, bodies: Any
) -> None:
    rule("r", {"Arn": queue("q"), "Input": '"own"'}, ScheduleExpression=HOURLY)
    rule("all", {"Arn": queue("q"), "Input": '"all"'}, pattern={"source": ["aws.events"]})
    step(3600)
    assert bodies("q") == ["own"]


def test_disabled_deleted_and_replaced_schedules_do_not_fire(
    events: Any, rule: Callable[..., str], queue: Any, step: Any, bodies: Any
) -> None:
    for name in ("disabled", "deleted", "replaced"):
        rule(name, {"Arn": queue("q"), "Input": f'"{name}"'}, ScheduleExpression=HOURLY)
    rule("born-disabled", queue("q"), ScheduleExpression=HOURLY, State="DISABLED")
    events.disable_rule(Name="disabled")
    events.remove_targets(Rule="deleted", Ids=["t0"])
    events.delete_rule(Name="deleted")
    events.put_rule(Name="replaced", ScheduleExpression="rate(5 hours)")
    step(4 * 3600)
    assert bodies("q") == []
    events.enable_rule(Name="disabled")
    step(3600)
    assert sorted(bodies("q")) == ["disabled", "replaced"]


def test_a_rule_with_both_fires_on_both(rule: Callable[..., str], queue: Any, put: Any, step: Any, bodies: Any) -> None:
    rule("r", queue("q"), pattern={"source": ["shop"]}, ScheduleExpression=HOURLY)
    put()
    step(3600)
    assert [event["source"] for event in bodies("q")] == ["shop", "aws.events"]


def test_after_a_reset_nothing_fires(cloud: Any, rule: Callable[..., str], queue: Any, step: Any, bodies: Any) -> None:
    rule("r", queue("q"), ScheduleExpression=HOURLY)
    cloud.reset()
    queue("q")
    step(3600)
    assert bodies("q") == []


def test_with_a_running_clock(live_cloud: Any) -> None:
    events, sqs = live_cloud.client("events"), live_cloud.client("sqs")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    events.put_rule(Name="r", ScheduleExpression="rate(1 minute)")
    events.put_targets(Rule="r", Targets=[{"Id": "t", "Arn": live_cloud.arn("sqs", "q")}])
    times: list[datetime] = []
    end = time.monotonic() + 60
    while len(times) < 3 and time.monotonic() < end:
        for message in sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1).get("Messages", []):
            times.append(datetime.fromisoformat(json.loads(message["Body"])["time"]))
    assert len(times) >= 3
    assert (max(times) - min(times)).total_seconds() >= 110
