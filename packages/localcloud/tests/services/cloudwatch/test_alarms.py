"""Alarms on the clock: when they are evaluated, and with what result."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localcloud.core.cloud import Cloud
from localcloud.services.cloudwatch.service import CloudWatch

STATE_CHANGE = "CloudWatch Alarm State Change"


def code(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


def states(cloud: Cloud) -> list[str]:
    """All changes so far."""
    events = [event for event in cloud.events.recent if event["detail-type"] == STATE_CHANGE]
    return [event["detail"]["state"]["value"] for event in events]


def test_a_new_alarm_has_no_data_and_is_evaluated_at_the_next_minute(
    put: Any, alarm: Any, described: Any, cloud: Cloud
) -> None:
    put(9.0)
    alarm()
    born = described()
    assert (born["StateValue"], born["StateReason"]) == ("INSUFFICIENT_DATA", "Unchecked: Initial alarm creation")
    cloud.clock.advance(50)
    assert described()["StateValue"] == "INSUFFICIENT_DATA"
    cloud.clock.advance(10)
    now = described()
    assert now["StateValue"] == "ALARM"
    assert now["StateReason"].startswith("Threshold Crossed: 1 datapoint [9.0 (")
    assert now["StateReason"].endswith(")] was greater than the threshold (5.0).")
    assert json.loads(now["StateReasonData"])["recentDatapoints"] == [9.0]
    assert now["StateTransitionedTimestamp"] == now["StateUpdatedTimestamp"] > born["StateUpdatedTimestamp"]


def test_without_data_a_new_alarm_keeps_its_state(alarm: Any, described: Any, cloud: Cloud) -> None:
    alarm()
    cloud.clock.advance(600)
    assert described()["StateReason"] == "Unchecked: Initial alarm creation"
    assert states(cloud) == []


def test_alarm_and_ok_and_insufficient_data(put: Any, alarm: Any, described: Any, cloud: Cloud) -> None:
    alarm()
    for value in (1.0, 9.0, 9.0, 1.0):
        put(value)
        cloud.clock.advance(60)
    assert states(cloud) == ["OK", "ALARM", "OK"]
    cloud.clock.advance(120)  # the last value is still in the range: two periods more than are evaluated
    assert described()["StateValue"] == "OK"
    cloud.clock.advance(60)
    assert described()["StateValue"] == "INSUFFICIENT_DATA"
    assert described()["StateReason"] == "Insufficient Data: 1 datapoint was unknown."


def test_data_from_before_the_alarm_counts(put: Any, alarm: Any, described: Any, cloud: Cloud) -> None:
    put(9.0)
    cloud.clock.advance(60)
    alarm()
    cloud.clock.advance(60)
    assert described()["StateValue"] == "ALARM"


@pytest.mark.parametrize(
    ("treat", "expected"),
    [("breaching", "ALARM"), ("notBreaching", "OK"), ("ignore", "INSUFFICIENT_DATA"), ("missing", "INSUFFICIENT_DATA")],
)
def test_without_any_data(alarm: Any, described: Any, cloud: Cloud, treat: str, expected: str) -> None:
    alarm(TreatMissingData=treat)
    cloud.clock.advance(60)
    assert described()["StateValue"] == expected


def test_ignoring_keeps_the_state(put: Any, alarm: Any, described: Any, cloud: Cloud) -> None:
    alarm(TreatMissingData="ignore")
    put(9.0)
    cloud.clock.advance(3600)
    assert described()["StateValue"] == "ALARM"


def test_m_out_of_n(put: Any, alarm: Any, described: Any, cloud: Cloud) -> None:
    alarm(EvaluationPeriods=3, DatapointsToAlarm=2)
    for value, state in ((9.0, "INSUFFICIENT_DATA"), (1.0, "OK"), (9.0, "ALARM"), (1.0, "OK"), (1.0, "OK")):
        put(value)
        cloud.clock.advance(60)
        assert described()["StateValue"] == state
    assert "(minimum 2 datapoints for ALARM -> OK transition)" in described()["StateReason"]


def test_a_long_period_slides_by_minutes(put: Any, alarm: Any, described: Any, cloud: Cloud) -> None:
    alarm(Period=300)
    cloud.clock.advance(120)
    put(9.0)
    cloud.clock.advance(60)
    assert described()["StateValue"] == "ALARM"
    evaluated = json.loads(described()["StateReasonData"])
    assert evaluated["period"] == 300
    assert described()["StateUpdatedTimestamp"].minute - int(evaluated["startDate"][14:16]) in (5, -55)


def test_high_resolution_every_ten_seconds(put: Any, alarm: Any, described: Any, cloud: Cloud) -> None:
    alarm(Period=10, TreatMissingData="notBreaching")
    cloud.clock.advance(10)
    assert described()["StateValue"] == "OK"
    put(9.0, StorageResolution=1)
    cloud.clock.advance(9)
    assert described()["StateValue"] == "OK"
    cloud.clock.advance(1)
    assert described()["StateValue"] == "ALARM"
    cloud.clock.advance(20)
    assert described()["StateValue"] == "ALARM"
    cloud.clock.advance(10)
    assert described()["StateValue"] == "OK"


def test_a_fast_alarm_does_not_affect_the_interval_of_others(
    put: Any, alarm: Any, described: Any, cloudwatch: Any, cloud: Cloud
) -> None:
    put(9.0)
    cloud.clock.advance(60)
    alarm(AlarmName="fast", Period=10)
    cloud.clock.advance(5)
    alarm()
    cloud.clock.advance(20)
    assert described()["StateValue"] == "INSUFFICIENT_DATA"
    cloud.clock.advance(35)
    assert described()["StateValue"] == "ALARM"
    cloudwatch.set_alarm_state(AlarmName="a", StateValue="OK", StateReason="a test")
    cloud.clock.advance(30)
    assert described()["StateValue"] == "OK"
    cloud.clock.advance(30)
    assert described()["StateValue"] == "ALARM"


def test_percentiles(put: Any, alarm: Any, described: Any, cloud: Cloud) -> None:
    alarm(ExtendedStatistic="p90", EvaluateLowSampleCountPercentile="ignore")
    put(*[1.0] * 50, *[9.0] * 20)
    cloud.clock.advance(60)
    assert described()["StateValue"] == "INSUFFICIENT_DATA"  # 70 values; p90 means something from 100 on
    put(*[1.0] * 60, *[9.0] * 40)
    cloud.clock.advance(60)
    assert described()["StateValue"] == "ALARM"
    assert described()["ExtendedStatistic"] == "p90"


def test_units_other_than_the_alarm_s_do_not_count(put: Any, alarm: Any, described: Any, cloud: Cloud) -> None:
    alarm(Unit="Seconds")
    put(9.0, Unit="Count")
    cloud.clock.advance(60)
    assert described()["StateValue"] == "INSUFFICIENT_DATA"
    put(9.0, Unit="Seconds")
    cloud.clock.advance(60)
    assert described()["StateValue"] == "ALARM"
    assert json.loads(described()["StateReasonData"])["unit"] == "Seconds"


def stat(name: str) -> dict[str, Any]:
    return {"Metric": {"Namespace": "n", "MetricName": name}, "Period": 60, "Stat": "Sum"}


RATE = [
    {"Id": "errors", "MetricStat": stat("errors"), "ReturnData": False},
    {"Id": "m", "MetricStat": stat("m"), "ReturnData": False},
    {"Id": "rate", "Expression": "IF(m > 10, 100 * FILL(errors, 0) / m, 0)", "Label": "errors in %"},
]


def test_an_error_rate_with_a_traffic_floor(
    put: Any, alarm: Any, described: Any, cloudwatch: Any, cloud: Cloud
) -> None:
    """The alarm for the rollback of a deployment."""
    alarm(Metrics=RATE, Threshold=5, TreatMissingData="notBreaching")
    assert "Period" not in described()
    assert described()["Metrics"][2] == {**RATE[2], "ReturnData": True}
    for errors, calls, state in ((5, 8, "OK"), (0, 100, "OK"), (4, 100, "OK"), (6, 100, "ALARM"), (0, 100, "OK")):
        put(float(calls))
        if errors:
            cloudwatch.put_metric_data(Namespace="n", MetricData=[{"MetricName": "errors", "Value": float(errors)}])
        cloud.clock.advance(60)
        assert described()["StateValue"] == state, (errors, calls)


def test_metrics_of_localcloud_s_services(alarm: Any, described: Any, cloud: Cloud) -> None:
    alarm(Dimensions=[{"Name": "EndpointName", "Value": "churn"}])
    cloud.metric("n", "m", 9, {"EndpointName": "churn"})
    cloud.clock.advance(60)
    assert described()["StateValue"] == "ALARM"


def test_a_state_that_was_set_lasts_until_the_next_evaluation(
    put: Any, alarm: Any, described: Any, cloudwatch: Any, cloud: Cloud
) -> None:
    alarm()
    put(1.0)
    cloud.clock.advance(60)
    put(1.0)
    cloudwatch.set_alarm_state(
        AlarmName="a", StateValue="ALARM", StateReason="a test", StateReasonData='{"by": "hand"}'
    )
    assert [described()[name] for name in ("StateValue", "StateReason", "StateReasonData")] == [
        "ALARM",
        "a test",
        '{"by": "hand"}',
    ]
    cloud.clock.advance(59)
    assert described()["StateValue"] == "ALARM"
    cloud.clock.advance(1)
    assert described()["StateValue"] == "OK"
    assert states(cloud) == ["OK", "ALARM", "OK"]


def test_setting_the_same_state_is_not_a_change(alarm: Any, cloudwatch: Any, described: Any, cloud: Cloud) -> None:
    alarm()
    cloudwatch.set_alarm_state(AlarmName="a", StateValue="INSUFFICIENT_DATA", StateReason="we know nothing")
    assert described()["StateReason"] == "we know nothing"
    assert states(cloud) == []


def test_invalid_states(alarm: Any, cloudwatch: Any) -> None:
    with pytest.raises(cloudwatch.exceptions.ResourceNotFound):
        cloudwatch.set_alarm_state(AlarmName="absent", StateValue="OK", StateReason="")
    alarm()
    with pytest.raises(ClientError) as refused:
        cloudwatch.set_alarm_state(AlarmName="a", StateValue="OK", StateReason="", StateReasonData="{")
    assert code(refused) == "InvalidFormat"


def test_a_changed_alarm_keeps_its_state_until_its_evaluation(
    put: Any, alarm: Any, described: Any, cloud: Cloud
) -> None:
    alarm()
    put(9.0)
    cloud.clock.advance(60)
    put(9.0)
    alarm(Threshold=50)
    assert (described()["StateValue"], described()["Threshold"]) == ("ALARM", 50)
    cloud.clock.advance(60)
    assert described()["StateValue"] == "OK"


def test_deleting_deletes_existing_alarms_also_beside_unknown_ones(
    put: Any, alarm: Any, cloudwatch: Any, cloud: Cloud
) -> None:
    alarm()
    with pytest.raises(ClientError) as refused:
        cloudwatch.delete_alarms(AlarmNames=["absent", "a", "a"])
    assert (code(refused), refused.value.response["ResponseMetadata"]["HTTPStatusCode"]) == ("ResourceNotFound", 404)
    assert cloudwatch.describe_alarms()["MetricAlarms"] == []
    put(9.0)
    cloud.clock.advance(120)
    assert cloudwatch.describe_alarms()["MetricAlarms"] == []
    assert states(cloud) == []


def test_filters(alarm: Any, cloudwatch: Any) -> None:
    topic = "arn:aws:sns:eu-west-1:000000000000:calls"
    alarm(AlarmName="churn-errors", OKActions=[topic])
    alarm(AlarmName="churn-latency")
    alarm(AlarmName="other", Dimensions=[{"Name": "env", "Value": "dev"}])
    cloudwatch.set_alarm_state(AlarmName="churn-latency", StateValue="ALARM", StateReason="")

    def names(**request: Any) -> list[str]:
        return [each["AlarmName"] for each in cloudwatch.describe_alarms(**request)["MetricAlarms"]]

    assert names() == ["churn-errors", "churn-latency", "other"]
    assert names(AlarmNamePrefix="churn") == ["churn-errors", "churn-latency"]
    assert names(AlarmNames=["other", "absent"]) == ["other"]
    assert names(StateValue="ALARM") == ["churn-latency"]
    assert names(ActionPrefix=topic[:30]) == ["churn-errors"]
    assert names(AlarmTypes=["CompositeAlarm"]) == []
    pages = cloudwatch.get_paginator("describe_alarms").paginate(PaginationConfig={"PageSize": 2})
    assert [len(page["MetricAlarms"]) for page in pages] == [2, 1]
    same = cloudwatch.describe_alarms_for_metric(Namespace="n", MetricName="m")["MetricAlarms"]
    assert [each["AlarmName"] for each in same] == ["churn-errors", "churn-latency"]
    other = cloudwatch.describe_alarms_for_metric(Namespace="n", MetricName="m", Statistic="Average")
    assert other["MetricAlarms"] == []
    with pytest.raises(ClientError, match="mutually exclusive"):
        names(AlarmNames=["other"], AlarmNamePrefix="o")


def test_a_thousand_alarms_share_one_timer(put: Any, alarm: Any, cloud: Cloud, service: CloudWatch) -> None:
    alarm()
    alarm(AlarmName="rate", Metrics=RATE)
    one, rate = service.alarms["a"], service.alarms["rate"]
    for number in range(1000):
        pattern = rate if number % 5 == 0 else one
        settings = {**pattern.settings, "AlarmName": f"a{number}"}
        service.alarms[f"a{number}"] = replace(pattern, arn=f"{one.arn}{number}", settings=settings)
    put(9.0)
    timers = len(cloud.clock._timers)
    cloud.clock.advance(60)
    assert sum(each.state.value == "ALARM" for each in service.alarms.values()) == 801
    cloud.clock.advance(300)
    assert {each.state.value for each in service.alarms.values()} == {"INSUFFICIENT_DATA"}
    assert len(cloud.clock._timers) == timers


def test_without_alarms_there_is_no_timer(alarm: Any, cloudwatch: Any, cloud: Cloud) -> None:
    def alarm_timers() -> int:
        timers = [timer for timer in cloud.clock._timers if not timer.cancelled]
        return sum("AlarmTimer" in timer.callback.__qualname__ for timer in timers)

    assert alarm_timers() == 0
    alarm()
    assert alarm_timers() == 1
    cloudwatch.delete_alarms(AlarmNames=["a"])
    assert alarm_timers() == 0


def test_a_defect_in_one_alarm_does_not_affect_others(
    put: Any, alarm: Any, described: Any, cloud: Cloud, service: Any
) -> None:
    alarm(AlarmName="0-broken")
    alarm()
    service.alarms["0-broken"].settings = {}
    put(9.0)
    cloud.clock.advance(60)
    del service.alarms["0-broken"]
    assert described()["StateValue"] == "ALARM"
    assert cloud.counters["500"] == 1
    cloud.counters._counter.clear()  # this defect was provoked


def test_composite_alarms_are_refused(cloudwatch: Any) -> None:
    with pytest.raises(ClientError) as refused:
        cloudwatch.put_composite_alarm(AlarmName="c", AlarmRule="ALARM(a)")
    assert code(refused) == "NotImplementedByLocalcloud"
    assert "Composite alarms are not implemented by localcloud" in str(refused.value)
