"""AWS::CloudWatch::Alarm and AWS::CloudWatch::Dashboard."""

from __future__ import annotations

from typing import Any

from localcloud.services.cloudformation.resource_requests import omit
from localcloud.services.cloudformation.resources.resource_type import (
    Context,
    HandlerError,
    Properties,
    ResourceType,
    Tagging,
    names,
)

ALARM = (
    "AlarmDescription ActionsEnabled OKActions AlarmActions InsufficientDataActions MetricName Namespace Statistic "
    "ExtendedStatistic Dimensions Period Unit EvaluationPeriods DatapointsToAlarm Threshold ComparisonOperator "
    "TreatMissingData EvaluateLowSampleCountPercentile Metrics ThresholdMetricId Tags"
)
TAGS = Tagging("cloudwatch", "TagResource", "UntagResource", "ResourceARN")


class Alarm(ResourceType):
    type = "AWS::CloudWatch::Alarm"
    properties = names(f"{ALARM} AlarmName")
    attributes = names("Arn")

    def create(self, context: Context, properties: Properties) -> str:
        name = properties.get("AlarmName") or context.generate_name(255)
        if context.call("cloudwatch", "DescribeAlarms", AlarmNames=[name])["MetricAlarms"]:
            raise HandlerError(f"{name} already exists")
        context.call("cloudwatch", "PutMetricAlarm", properties, AlarmName=name)
        return str(name)

    def update(self, context: Context, physical_id: str, properties: Properties, before: Properties) -> None:
        context.call("cloudwatch", "PutMetricAlarm", omit(properties, "Tags"), AlarmName=physical_id)
        arn = self.read_attributes(context, physical_id, properties)["Arn"]
        TAGS.update(context, arn, properties.get("Tags"), before.get("Tags"))

    def delete(self, context: Context, physical_id: str, properties: Properties) -> None:
        context.call("cloudwatch", "DeleteAlarms", AlarmNames=[physical_id])

    def read_attributes(self, context: Context, physical_id: str, properties: Properties) -> dict[str, Any]:
        return {"Arn": context.cloud.arn("cloudwatch", f"alarm:{physical_id}")}


class Dashboard(ResourceType):
    type = "AWS::CloudWatch::Dashboard"
    properties = names("DashboardName DashboardBody")

    def create(self, context: Context, properties: Properties) -> str:
        name = properties.get("DashboardName") or context.generate_name(255)
        if context.exists("cloudwatch", "GetDashboard", DashboardName=name):
            raise HandlerError(f"{name} already exists")
        context.call("cloudwatch", "PutDashboard", properties, DashboardName=name)
        return str(name)

    def update(self, context: Context, physical_id: str, properties: Properties, before: Properties) -> None:
        context.call("cloudwatch", "PutDashboard", properties, DashboardName=physical_id)

    def delete(self, context: Context, physical_id: str, properties: Properties) -> None:
        context.call("cloudwatch", "DeleteDashboards", DashboardNames=[physical_id])


RESOURCE_TYPES: list[ResourceType] = [Alarm(), Dashboard()]
