"""The alarms that stay when a release is over, and notify the topic of the stage. A setting of 0 makes no alarm.

They watch all fleets of the endpoint, so a release that fails customers raises them as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from release import names
from release.call import Call
from release.kinds import alarm_metrics
from settings.model import Settings

RESOURCES = "/aws/sagemaker/Endpoints"  # the namespace of memory and disk
UTILIZATION = {  # namespace, metric, what 1 % of it is, what is in use
    "memory": (RESOURCES, "MemoryUtilization", 1.0, "of the memory"),
    "disk": (RESOURCES, "DiskUtilization", 1.0, "of the disk"),
    "concurrency": (names.NAMESPACE, "ServerlessConcurrentExecutionsUtilization", 0.01, "of the concurrency"),
}


def alarms(settings: Settings, utilization: Sequence[str]) -> tuple[Call, ...]:
    """``utilization``: what of the kind of serving can be full."""
    idle = (_idle(settings),) if settings.alarms.idle_minutes else ()
    return (*of_requests(settings), *idle, *_of_utilization(settings, utilization))


def errors(settings: Settings) -> Iterator[Call]:
    """That of 5xx responses is one of the alarms that take a release back, too."""
    limit = settings.alarms.error_rate
    if limit:
        condition = f"above {limit:.3g} of the requests are 5xx, in both fleets"
        yield _call(
            settings,
            "5xx-rate",
            condition,
            alarm_metrics.rate(settings, "Invocation5XXErrors", _floor(settings)),
            limit,
        )


def of_requests(settings: Settings) -> Iterator[Call]:
    limits, floor = settings.alarms, _floor(settings)
    yield from errors(settings)
    if limits.error_4xx_rate:
        metric = alarm_metrics.rate(settings, "Invocation4XXErrors", floor)
        condition = f"above {limits.error_4xx_rate:.3g} of the requests are 4xx"
        yield _call(settings, "4xx-rate", condition, metric, limits.error_4xx_rate)
    if limits.latency_ms:
        condition = f"the model's {limits.latency_statistic} latency is above {limits.latency_ms} ms"
        yield _call(settings, "latency", condition, alarm_metrics.latency(settings, floor), limits.latency_ms)


def _of_utilization(settings: Settings, utilization: Sequence[str]) -> Iterator[Call]:
    for kind in utilization:
        namespace, metric, unit, what = UTILIZATION[kind]
        percent = getattr(settings.alarms, f"{kind}_percent")
        if percent:
            source = {"Namespace": namespace, "MetricName": metric, "Dimensions": alarm_metrics.dimensions(settings)}
            metric_of_all = {**source, "Statistic": "Maximum", "Period": settings.alarms.period_seconds}
            yield _call(settings, kind, f"above {percent} % {what} is used", metric_of_all, percent * unit)


def _idle(settings: Settings) -> Call:
    """No request is no datapoint: here, and only here, that breaches."""
    minutes = settings.alarms.idle_minutes
    metric = {
        "Namespace": names.NAMESPACE,
        "MetricName": "Invocations",
        "Dimensions": alarm_metrics.dimensions(settings),
        "Statistic": "Sum",
        "Period": 60,
        "ComparisonOperator": "LessThanThreshold",
        "TreatMissingData": "breaching",
        "EvaluationPeriods": minutes,  # one long period would wait for two more: CloudWatch uses older datapoints first
        "DatapointsToAlarm": minutes,
    }
    return _call(settings, "no-traffic", f"no request came for {minutes} minutes", metric, 1)


def _call(settings: Settings, kind: str, condition: str, metric: dict[str, Any], threshold: float) -> Call:
    name = names.standing_alarm(settings.endpoint_name, kind)
    command = f"python -m codepipeline.deploy --env {settings.layers} --status"
    request = {
        "AlarmName": name,
        "AlarmDescription": f"{condition}; {command} shows what is live",
        "AlarmActions": [settings.topic_arn],
        **alarm_metrics.above(settings, threshold),
        **metric,
        "Tags": names.tag_list(settings.tags),
    }
    return Call("cloudwatch", "put_metric_alarm", request, f"alarm {name}: {condition}")


def _floor(settings: Settings) -> int:
    return settings.alarms.traffic_floor
