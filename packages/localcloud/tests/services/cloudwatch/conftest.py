"""A cloud with CloudWatch alone (and moto), its clock on a whole minute."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from localcloud.core.cloud import Cloud
from localcloud.services.cloudwatch import metric_store
from localcloud.services.cloudwatch.service import CloudWatch


@pytest.fixture(autouse=True)
def delays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Values can be read at once: these tests are about what follows from them. test_delays.py has the delays."""
    monkeypatch.setattr(metric_store, "arrival", lambda now, _resolution: now)


@pytest.fixture
def services() -> list[type[CloudWatch]]:
    return [CloudWatch]


@pytest.fixture
def cloudwatch(cloud: Cloud) -> Any:
    """boto3's client; a minute of the cloud's clock has just started."""
    to_the_minute(cloud)
    return cloud.client("cloudwatch")


@pytest.fixture
def service(cloud: Cloud) -> CloudWatch:
    return cloud.service(CloudWatch)


@pytest.fixture
def put(cloudwatch: Any, cloud: Cloud) -> Callable[..., None]:
    """``put(3.0, 4.0)``: values of metric m in namespace n, now."""

    def put_values(*values: float, **members: Any) -> None:
        datum = {"MetricName": "m", "Timestamp": cloud.clock.now(), "Values": list(values), **members}
        cloudwatch.put_metric_data(Namespace="n", MetricData=[datum])

    return put_values


@pytest.fixture
def alarm(cloudwatch: Any) -> Callable[..., None]:
    """``alarm(EvaluationPeriods=3)``: an alarm "a" on the sum of m each minute, above 5."""

    def put_alarm(**members: Any) -> None:
        single = {"Namespace": "n", "MetricName": "m", "Statistic": "Sum", "Period": 60}
        if "Metrics" in members:
            single = {}
        elif "ExtendedStatistic" in members:
            del single["Statistic"]
        rule = {"EvaluationPeriods": 1, "Threshold": 5.0, "ComparisonOperator": "GreaterThanThreshold"}
        request = {"AlarmName": "a", **single, **rule, **members}
        cloudwatch.put_metric_alarm(**{name: value for name, value in request.items() if value is not None})

    return put_alarm


@pytest.fixture
def described(cloudwatch: Any) -> Callable[..., dict[str, Any]]:
    def describe(name: str = "a") -> dict[str, Any]:
        response: dict[str, Any] = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]
        return response

    return describe


def to_the_minute(cloud: Cloud) -> None:
    """A hundredth past it, so that rounding does not put it before."""
    now = cloud.clock.seconds()
    cloud.clock.advance((math.floor(now / 60) + 1) * 60 - now + 0.01)
