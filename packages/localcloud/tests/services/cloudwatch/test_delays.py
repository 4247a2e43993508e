"""Values arrive late, as on AWS: what can be read, and what alarms see, at which moment of the clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from localcloud.core.cloud import Cloud
from localcloud.services.cloudwatch.service import CloudWatch

HIGH = {"StorageResolution": 1}
FAST = {"Statistic": "Maximum", "Period": 10, "Threshold": 0.5, "TreatMissingData": "notBreaching"}
STATE_CHANGE = "CloudWatch Alarm State Change"


@pytest.fixture(autouse=True)
def delays() -> None:
    """Those of the store."""


@pytest.fixture
def read(cloudwatch: Any, cloud: Cloud) -> Callable[[], list[float]]:
    """The sums by the minute that GetMetricData returns; GetMetricStatistics and ListMetrics agree with it."""

    def values() -> list[float]:
        now, metric = cloud.clock.now(), {"Namespace": "n", "MetricName": "m"}
        query = {"Id": "m", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}}
        span = {"StartTime": now - timedelta(minutes=10), "EndTime": now + timedelta(minutes=1)}
        data: list[float] = cloudwatch.get_metric_data(MetricDataQueries=[query], **span)["MetricDataResults"][0][
            "Values"
        ]
        points = cloudwatch.get_metric_statistics(**metric, **span, Period=60, Statistics=["Sum"])["Datapoints"]
        assert sorted(point["Sum"] for point in points) == sorted(data)
        assert bool(cloudwatch.list_metrics()["Metrics"]) == bool(data)
        return data

    return values


def changes(cloud: Cloud) -> list[str]:
    events = [event for event in cloud.events.recent if event["detail-type"] == STATE_CHANGE]
    return [event["detail"]["state"]["value"] for event in events]


@pytest.mark.parametrize("second", [0, 30, 59])
def test_values_can_be_read_a_minute_after_their_minute(put: Any, read: Any, cloud: Cloud, second: int) -> None:
    cloud.clock.advance(second)
    put(3.0)
    cloud.clock.advance(119.9 - second)
    assert read() == []
    cloud.clock.advance(0.1)
    assert read() == [3.0]


def test_one_of_high_resolution_within_seconds(put: Any, read: Any, cloud: Cloud) -> None:
    put(3.0, **HIGH)
    cloud.clock.advance(5.9)
    assert read() == []
    cloud.clock.advance(0.1)
    assert read() == [3.0]


def test_metrics_of_localcloud_s_services_arrive_as_late(cloud: Cloud, read: Any) -> None:
    cloud.metrics.emit("n", "m", 2.0, {})
    cloud.clock.advance(119.9)
    assert read() == []
    cloud.clock.advance(0.1)
    assert read() == [2.0]


def test_a_minute_arrives_as_a_whole_and_values_count_in_their_own(put: Any, read: Any, cloud: Cloud) -> None:
    for value in (1.0, 2.0, 4.0, 8.0):
        put(value)
        cloud.clock.advance(30)
    assert read() == [3.0]
    cloud.clock.advance(60)
    assert read() == [12.0, 3.0]


def test_a_reset_drops_what_has_not_arrived(put: Any, read: Any, cloud: Cloud, service: CloudWatch) -> None:
    put(3.0)
    service.metrics.reset()
    cloud.clock.advance(120)
    assert read() == []


@pytest.mark.parametrize("second", [0, 30, 59])
def test_an_alarm_acts_at_the_next_minute_after_the_arrival(
    put: Any, alarm: Any, described: Any, cloud: Cloud, second: int
) -> None:
    alarm(TreatMissingData="notBreaching")
    cloud.clock.advance(second)
    put(9.0)
    cloud.clock.advance(119 - second)
    assert described()["StateValue"] == "OK"
    cloud.clock.advance(1)
    assert described()["StateValue"] == "ALARM"


def test_an_alarm_never_sees_a_part_of_a_minute(put: Any, alarm: Any, cloud: Cloud) -> None:
    """Half of each minute's sum would breach."""
    alarm(ComparisonOperator="LessThanThreshold", Threshold=10.0)
    for _ in range(20):
        put(5.0)
        cloud.clock.advance(30)
    assert changes(cloud) == ["OK"]


@pytest.mark.parametrize("periods", [1, 3])
def test_the_minute_that_has_not_arrived_is_not_missing(put: Any, alarm: Any, cloud: Cloud, periods: int) -> None:
    """The range is longer than the evaluation periods, and real points decide."""
    alarm(TreatMissingData="breaching", EvaluationPeriods=periods)
    for _ in range(3 + periods):
        put(1.0)
        cloud.clock.advance(60)
    assert changes(cloud)[-1] == "OK"
    for _ in range(10):
        put(1.0)
        cloud.clock.advance(60)
    assert changes(cloud)[-1] == "OK" and changes(cloud).count("ALARM") <= 1
    cloud.clock.advance(60 * (periods + 4))
    assert changes(cloud)[-1] == "ALARM"


@pytest.mark.parametrize("second", range(10))
def test_a_high_resolution_alarm_acts_within_twenty_seconds(put: Any, alarm: Any, cloud: Cloud, second: int) -> None:
    alarm(**FAST)
    for _ in range(6):
        put(0.0, **HIGH)
        cloud.clock.advance(10)
    cloud.clock.advance(second)
    put(1.0, **HIGH)
    began, acted = cloud.clock.seconds(), 0.0
    while not acted and cloud.clock.seconds() < began + 60:
        cloud.clock.advance(1)
        acted = cloud.clock.seconds() - began if changes(cloud)[-1] == "ALARM" else 0.0
    assert 5 <= acted <= 20


def test_it_stays_while_one_is_put_and_returns_when_zero_is(put: Any, alarm: Any, cloud: Cloud) -> None:
    alarm(**FAST)
    for value in (0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0):
        put(value, **HIGH)
        cloud.clock.advance(10)
    assert changes(cloud) == ["OK", "ALARM", "OK"]


def test_a_high_resolution_alarm_of_missing_data(put: Any, alarm: Any, cloud: Cloud) -> None:
    alarm(**FAST | {"TreatMissingData": "breaching", "Period": 60, "EvaluationPeriods": 3})
    for _ in range(60):
        put(0.0, **HIGH)
        cloud.clock.advance(10)
    assert changes(cloud)[-1] == "OK"
    silent = cloud.clock.seconds()
    while changes(cloud)[-1] == "OK" and cloud.clock.seconds() < silent + 900:
        cloud.clock.advance(10)
    assert 180 <= cloud.clock.seconds() - silent <= 360


@pytest.mark.parametrize("period", [10, 20, 30])
def test_a_metric_by_the_minute_is_rarely_in_a_period_of_seconds(
    put: Any, alarm: Any, described: Any, cloud: Cloud, period: int
) -> None:
    """AWS says so of such alarms: they often have insufficient data."""
    alarm(Period=period)
    for _ in range(10):
        put(1.0)
        cloud.clock.advance(60)
    assert described()["StateValue"] == "INSUFFICIENT_DATA"


def test_a_state_that_was_set_lasts_ten_seconds_of_a_fast_alarm(
    put: Any, alarm: Any, cloudwatch: Any, described: Any, cloud: Cloud
) -> None:
    alarm(**FAST)
    put(0.0, **HIGH)
    cloud.clock.advance(20)
    cloudwatch.set_alarm_state(AlarmName="a", StateValue="ALARM", StateReason="a test")
    cloud.clock.advance(9)
    assert described()["StateValue"] == "ALARM"
    cloud.clock.advance(1)
    assert described()["StateValue"] == "OK"
