"""Target tracking: the two alarms of a policy, and the capacity at which the metric meets its target. Pure.

The metric is assumed to be inversely proportional to the instances, as on AWS: twice the target needs twice the
instances. AWS does not publish its calculation beyond that. Here scaling out uses the newest data point, and scaling in
the highest of the fifteen minutes that its alarm evaluates.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from localcloud.services.autoscaling.records import CONCURRENCY, INSTANCES

HIGH, LOW = "AlarmHigh", "AlarmLow"
PERIOD, HIGH_PERIODS, LOW_PERIODS, LOW_SHARE = 60, 3, 15, 0.9
INVOCATIONS, UTILIZATION = "SageMakerVariantInvocationsPerInstance", "SageMakerVariantProvisionedConcurrencyUtilization"
# Of each predefined metric: the dimension that it scales, the metric in CloudWatch, its statistic (AWS does not
# document that of the utilization).
METRICS = {
    INVOCATIONS: (INSTANCES, "InvocationsPerInstance", "Sum"),
    UTILIZATION: (CONCURRENCY, "ServerlessProvisionedConcurrencyUtilization", "Average"),
}
CUSTOM, PREDEFINED = "CustomizedMetricSpecification", "PredefinedMetricSpecification"
SINGLE = ("MetricName", "Namespace", "Statistic")


def problems(settings: Mapping[str, Any]) -> Iterator[str]:
    if (CUSTOM in settings) == (PREDEFINED in settings):
        yield f"Exactly one of {PREDEFINED} and {CUSTOM} must be specified."
        return
    if not settings["TargetValue"] > 0:
        yield "TargetValue must be greater than 0."
    if settings.get("ScaleInCooldown", 0) < 0 or settings.get("ScaleOutCooldown", 0) < 0:
        yield "A cooldown must not be negative."
    if PREDEFINED in settings and not settings[PREDEFINED]["PredefinedMetricType"].startswith("SageMaker"):
        yield f"{settings[PREDEFINED]['PredefinedMetricType']} is not a metric of this service namespace."
    if CUSTOM in settings:
        yield from _custom_problems(settings[CUSTOM])


def alarms(
    settings: Mapping[str, Any], resource: str, arn: str, alarm_id: str, dimensions: Sequence[Mapping[str, str]]
) -> Iterator[dict[str, Any]]:
    """As requests to CloudWatch."""
    metric = _metric(settings, dimensions)
    target = settings["TargetValue"]
    for kind, comparison, threshold, periods in (
        (HIGH, "GreaterThanThreshold", target, HIGH_PERIODS),
        (LOW, "LessThanThreshold", target * LOW_SHARE, LOW_PERIODS),
    ):
        yield {
            "AlarmName": alarm_name(resource, kind, alarm_id),
            "AlarmDescription": f"DO NOT EDIT OR DELETE. For TargetTrackingScaling policy {arn}.",
            "AlarmActions": [arn],
            "ComparisonOperator": comparison,
            "Threshold": threshold,
            "EvaluationPeriods": periods,
            **metric,
        }


def alarm_name(resource: str, kind: str, alarm_id: str) -> str:
    return f"TargetTracking-{resource}-{kind}-{alarm_id}"


def new_capacity(capacity: int, value: float, target: float) -> int:
    return math.ceil(capacity * value / target - 1e-9)  # against rounding errors: 2 * 150 / 100 is 3


def _metric(settings: Mapping[str, Any], dimensions: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    if PREDEFINED in settings:
        _, name, statistic = METRICS[settings[PREDEFINED]["PredefinedMetricType"]]
        metric = {"Namespace": "AWS/SageMaker", "MetricName": name, "Dimensions": list(dimensions)}
        return {**metric, "Statistic": statistic, "Period": PERIOD}
    custom = settings[CUSTOM]
    if "Metrics" in custom:
        return {"Metrics": [_with_period(each) for each in custom["Metrics"]]}
    return {**custom, "Period": PERIOD}


def _with_period(query: Mapping[str, Any]) -> dict[str, Any]:
    stat = {"MetricStat": {**query["MetricStat"], "Period": PERIOD}} if "MetricStat" in query else {}
    return {**query, **stat}


def _custom_problems(custom: Mapping[str, Any]) -> Iterator[str]:
    single = [name for name in SINGLE if name in custom]
    if "Metrics" in custom:
        if single:
            yield f"{CUSTOM} has either Metrics or {', '.join(SINGLE)}, not both."
    elif len(single) < len(SINGLE):
        yield f"{CUSTOM} needs {', '.join(SINGLE)}, or Metrics."
