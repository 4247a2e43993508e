"""The alarms: what they watch, when they fire by localcloud's metric math, and when they are put again."""

import copy

import pytest

from localcloud.testing import parse_metric_math
from release.kinds import alarm_metrics
from release.kinds.realtime import alarms
from release.kinds.realtime.guardrails import rollback_alarms
from release.plan.alarm_definition import same

CONFIG = "churn-prod-0123456789"
EXTRA = '[alarms]\nextra = ["orders-low"]\n'


@pytest.fixture
def put(settings_of):
    """Name to request."""

    def requests(overlay=""):
        return {c.request["AlarmName"]: c.request for c in alarms.alarms(settings_of(overlay), CONFIG)}

    return requests


def test_one_of_both_fleets_and_three_of_the_new_one(put):
    assert list(put()) == ["churn-prod-5xx-rate", f"{CONFIG}-5xx", f"{CONFIG}-latency", f"{CONFIG}-4xx"]


def dimensions(request):
    found = [request["Dimensions"]] if "Dimensions" in request else []
    found += [
        query["MetricStat"]["Metric"]["Dimensions"] for query in request.get("Metrics", ()) if "MetricStat" in query
    ]
    return [{each["Name"]: each["Value"] for each in of_one} for of_one in found]


def test_only_those_of_the_new_fleet_name_its_config(put):
    both = {"EndpointName": "churn-prod", "VariantName": "AllTraffic"}
    for name, request in put().items():
        expected = {**both, "EndpointConfigName": CONFIG} if name.startswith(CONFIG) else both
        assert dimensions(request)
        assert all(found == expected for found in dimensions(request))


def test_the_settings_say_when_they_fire(put):
    overlay = "[alarms]\nerror_rate = 0.05\nerror_4xx_rate = 0.4\nlatency_ms = 250\nperiod_seconds = 120\n"
    requests = put(overlay + "datapoints = 3\nevaluation_periods = 5\n")
    assert [request["Threshold"] for request in requests.values()] == [0.05, 0.05, 250.0, 0.4]
    for request in requests.values():
        assert (request["DatapointsToAlarm"], request["EvaluationPeriods"]) == (3, 5)
        assert request["ComparisonOperator"] == "GreaterThanThreshold"
        assert request["TreatMissingData"] == "notBreaching"
        counts = [query["MetricStat"] for query in request.get("Metrics", ()) if "MetricStat" in query]
        assert {count["Period"] for count in counts} <= {120}
        assert counts
        assert {count["Stat"] for count in counts} == {"p99" if request["Threshold"] == 250 else "Sum"}


@pytest.mark.parametrize("statistic", ["p99", "Average"])
def test_latency_is_in_milliseconds_and_evaluated_however_few_the_requests_are(put, statistic):
    request = put(f'[alarms]\nlatency_statistic = "{statistic}"\n')[f"{CONFIG}-latency"]
    expression, metric = request["Metrics"]
    assert expression["Expression"] == "latency / 1000"  # CloudWatch has microseconds
    assert metric["MetricStat"]["Stat"] == statistic
    # with "ignore" a p99 needs 1000 requests in a period, and a canary has fewer; left out, it means "evaluate"
    assert request.keys().isdisjoint({"Statistic", "ExtendedStatistic", "EvaluateLowSampleCountPercentile"})


@pytest.mark.parametrize(
    ("setting", "gone"),
    [
        ("error_rate", ["churn-prod-5xx-rate", f"{CONFIG}-5xx"]),
        ("error_4xx_rate", [f"{CONFIG}-4xx"]),
        ("latency_ms", [f"{CONFIG}-latency"]),
    ],
)
def test_zero_makes_no_such_alarm(put, setting, gone):
    assert set(put()) - set(put(f"[alarms]\n{setting} = 0\n")) == set(gone)


@pytest.mark.parametrize(
    ("rollout", "floor"),
    [
        ("", 2),  # 10 % of 20
        ("canary_percent = 15\n", 3),
        ("canary_percent = 1\n", 1),
        ('strategy = "linear"\nlinear_step_percent = 25\n', 5),
        ('strategy = "rolling"\nrolling_batch_percent = 50\n', 10),
        ('strategy = "all_at_once"\n', 20),
    ],
)
def test_the_floor_of_the_new_fleet_is_its_share_of_the_traffic(put, rollout, floor):
    requests = put(f"[rollout]\n{rollout}")
    expressions = {
        name: request["Metrics"][0]["Expression"] for name, request in requests.items() if "Metrics" in request
    }
    assert f">= {floor}," in expressions[f"{CONFIG}-5xx"]
    assert f">= {floor}," in expressions[f"{CONFIG}-4xx"]
    assert ">= 20," in expressions["churn-prod-5xx-rate"]
    for expression in expressions.values():
        parse_metric_math(expression)


@pytest.mark.parametrize(
    ("requests", "errors", "state"),
    [
        (30, 1, "ALARM"),  # 3 % of them
        (30, 0, "OK"),
        (1000, 10, "OK"),  # 1 % is not above 1 %
        (1000, 11, "ALARM"),
        (20, 1, "ALARM"),
        (19, 19, "OK"),  # below the floor of 20
        (0, 0, "OK"),
    ],
)
def test_the_rate_fires_by_its_threshold_and_floor(settings_of, cloud, aws, requests, errors, state):
    settings = settings_of("[alarms]\ndatapoints = 1\nevaluation_periods = 1\n")
    [call] = [c for c in alarms.alarms(settings, CONFIG) if c.request["AlarmName"] == "churn-prod-5xx-rate"]
    cloudwatch = aws("cloudwatch")
    cloudwatch.put_metric_alarm(**call.request)
    values = {each["Name"]: each["Value"] for each in alarm_metrics.dimensions(settings)}
    for metric, value in (("Invocations", requests), ("Invocation5XXErrors", errors)):
        if value:
            cloud.metric("AWS/SageMaker", metric, value, values)
    cloud.clock.advance(120)
    summaries = [item["HistorySummary"] for item in cloudwatch.describe_alarm_history()["AlarmHistoryItems"]]
    assert any("to ALARM" in summary for summary in summaries) is (state == "ALARM")
    assert any(" to " in summary for summary in summaries), "it was evaluated"


def test_an_alarm_read_back_from_cloudwatch_is_the_same(settings_of, aws, cloud):
    calls = alarms.alarms(settings_of(), CONFIG)
    for call in calls:
        aws("cloudwatch").put_metric_alarm(**call.request)
    described = {alarm["AlarmName"]: alarm for alarm in aws("cloudwatch").describe_alarms()["MetricAlarms"]}
    assert len(described) == 4
    assert all(same(call.request, described[call.request["AlarmName"]]) for call in calls)


def test_what_aws_reorders_or_adds_makes_no_difference_and_what_the_release_sets_does(put):
    for desired in put().values():
        current = {"AlarmActions": ["added"]} | copy.deepcopy(desired) | {"StateValue": "OK"}
        current.get("Metrics", []).reverse()
        current.get("Dimensions", []).reverse()
        assert same(desired, current)
        assert not same(desired, {})
        for key in set(desired) - {"Tags"}:
            assert not same(desired, {**current, key: "other"}), key
    desired = put()["churn-prod-5xx-rate"]
    current = copy.deepcopy(desired)
    current["Metrics"][1]["MetricStat"]["Metric"]["Dimensions"].append({"Name": "EndpointConfigName", "Value": "x"})
    assert not same(desired, current)


def test_which_take_a_release_back(settings_of):
    settings = settings_of(EXTRA)
    assert rollback_alarms(settings, CONFIG, all_at_once=False) == (
        "churn-prod-5xx-rate",
        f"{CONFIG}-5xx",
        f"{CONFIG}-latency",
        f"{CONFIG}-4xx",
        f"{CONFIG}-judgement",
        f"{CONFIG}-unjudged",
        "orders-low",
    )
    assert rollback_alarms(settings, CONFIG, all_at_once=True) == (
        f"{CONFIG}-5xx",
        f"{CONFIG}-latency",
        f"{CONFIG}-4xx",
        f"{CONFIG}-judgement",
    )
