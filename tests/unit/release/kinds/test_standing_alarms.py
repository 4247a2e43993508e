"""The alarms that stay, and the dashboard: what they watch, when they fire, and that CloudWatch takes them."""

import json
from itertools import pairwise

import pytest

from localcloud.testing import parse_metric_math
from release.kinds import alarm_metrics, standing_alarms
from release.kinds.dashboard import dashboard
from release.plan.alarm_definition import same

QUICK = "[alarms]\nidle_minutes = 30\ndatapoints = 1\nevaluation_periods = 1\n"
REQUESTS = [f"churn-prod-{kind}" for kind in ("5xx-rate", "4xx-rate", "latency", "no-traffic")]
INSTANCES = ["churn-prod-memory", "churn-prod-disk"]
ON_INSTANCES, SERVERLESS = ("memory", "disk"), ("memory", "concurrency")


@pytest.fixture
def put(settings_of, aws):
    """Creates them; returns the requests by name."""

    def create(overlay=QUICK, utilization=ON_INSTANCES):
        calls = standing_alarms.alarms(settings_of(overlay), utilization)
        for call in calls:
            aws("cloudwatch").put_metric_alarm(**call.request)
        return {call.request["AlarmName"]: call.request for call in calls}

    return create


def test_which_there_are(put):
    assert list(put()) == [*REQUESTS, *INSTANCES]
    assert list(put(utilization=())) == REQUESTS


@pytest.mark.parametrize(
    ("setting", "gone"),
    [
        ("error_rate", "5xx-rate"),
        ("error_4xx_rate", "4xx-rate"),
        ("latency_ms", "latency"),
        ("idle_minutes", "no-traffic"),
        ("memory_percent", "memory"),
        ("disk_percent", "disk"),
    ],
)
def test_zero_makes_no_such_alarm(put, setting, gone):
    assert set(put()) - set(put(QUICK.replace("idle_minutes = 30\n", "") + f"{setting} = 0\n" + _idle(setting))) == {
        f"churn-prod-{gone}"
    }


def _idle(setting):
    return "" if setting == "idle_minutes" else "idle_minutes = 30\n"


def test_all_notify_the_topic_and_say_what_to_do(put):
    for name, request in put().items():
        assert request["AlarmActions"] == ["arn:aws:sns:eu-west-1:123456789012:churn-prod"], name
        assert "python -m codepipeline.deploy --env prod --status" in request["AlarmDescription"]


def test_expressions_are_metric_math(put):
    for request in put().values():
        for query in request.get("Metrics", ()):
            parse_metric_math(query.get("Expression", "1"))


def test_an_alarm_read_back_from_cloudwatch_is_the_same(put, aws):
    requests = put()
    described = {alarm["AlarmName"]: alarm for alarm in aws("cloudwatch").describe_alarms()["MetricAlarms"]}
    assert described.keys() == requests.keys()
    assert all(same(request, described[name]) for name, request in requests.items())
    assert not same(requests["churn-prod-memory"] | {"AlarmActions": ["other"]}, described["churn-prod-memory"])


def states(aws):
    return {alarm["AlarmName"]: alarm["StateValue"] for alarm in aws("cloudwatch").describe_alarms()["MetricAlarms"]}


@pytest.mark.parametrize(
    ("namespace", "metric", "value", "alarm"),
    [
        ("/aws/sagemaker/Endpoints", "MemoryUtilization", 91, "churn-prod-memory"),
        ("/aws/sagemaker/Endpoints", "DiskUtilization", 91, "churn-prod-disk"),
        ("/aws/sagemaker/Endpoints", "DiskUtilization", 90, ""),
        ("AWS/SageMaker", "ModelLatency", 501_000, "churn-prod-latency"),
        ("AWS/SageMaker", "ModelLatency", 499_000, ""),
        ("AWS/SageMaker", "Invocation4XXErrors", 1, "churn-prod-4xx-rate"),
        ("AWS/SageMaker", "Invocation5XXErrors", 1, "churn-prod-5xx-rate"),
    ],
)
def test_what_is_bad_is_in_alarm(put, settings_of, aws, cloud, namespace, metric, value, alarm):
    """The metrics have arrived when the alarms are created: without any, the one of no traffic fires at once."""
    dimensions = {each["Name"]: each["Value"] for each in alarm_metrics.dimensions(settings_of())}
    for _ in range(20):  # the floor of traffic
        cloud.metric("AWS/SageMaker", "Invocations", 1, dimensions)
        cloud.metric(namespace, metric, value, dimensions)
    cloud.clock.advance(120)
    put()
    cloud.clock.advance(60)
    history = aws("cloudwatch").describe_alarm_history(HistoryItemType="StateUpdate")["AlarmHistoryItems"]
    assert {each["AlarmName"] for each in history if "to ALARM" in each["HistorySummary"]} == (
        {alarm} if alarm else set()
    )


def test_no_request_for_so_long_is_an_alarm(put, settings_of, aws, cloud):
    put()
    dimensions = {each["Name"]: each["Value"] for each in alarm_metrics.dimensions(settings_of())}
    seen = []
    for _ in range(5):
        cloud.metric("AWS/SageMaker", "Invocations", 1, dimensions)
        cloud.clock.advance(600)
        seen.append(states(aws)["churn-prod-no-traffic"])
    assert seen[-2:] == ["OK", "OK"]
    cloud.clock.advance(60 * 35)
    assert states(aws)["churn-prod-no-traffic"] == "ALARM"


@pytest.mark.parametrize("utilization", [ON_INSTANCES, SERVERLESS, ()])
def test_cloudwatch_takes_the_dashboard_and_nothing_on_it_overlaps(settings_of, aws, utilization):
    settings = settings_of(QUICK)
    call = dashboard(settings, standing_alarms.alarms(settings, utilization), utilization)
    assert aws("cloudwatch").put_dashboard(**call.request)["DashboardValidationMessages"] == []
    assert call.request["DashboardName"] == "churn-prod-eu-west-1"
    widgets = json.loads(call.request["DashboardBody"])["widgets"]
    places = [(each["y"], each["x"], each["y"] + each["height"], each["x"] + each["width"]) for each in widgets]
    assert places == sorted(places)
    assert all(one[2] <= other[0] or one[3] <= other[1] for one, other in pairwise(places))


def test_latency_on_the_dashboard_is_in_milliseconds(settings_of):
    settings = settings_of()
    body = json.loads(dashboard(settings, (), ON_INSTANCES).request["DashboardBody"])
    [latency] = [each["properties"] for each in body["widgets"] if "latency" in each["properties"].get("title", "")]
    shown = [metric[-1] for metric in latency["metrics"] if metric[-1].get("visible", True)]
    assert [each["expression"] for each in shown] == ["p50 / 1000", "p90 / 1000", "p99 / 1000"]
    for each in shown:
        parse_metric_math(each["expression"])
