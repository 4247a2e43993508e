"""AWS::CloudWatch::Alarm and AWS::CloudWatch::Dashboard."""

from __future__ import annotations

from typing import Any

from localcloud.services.cloudformation.resource_requests import without
from localcloud.services.cloudformation.resources.resource_type import Failed, Kind, Place, Properties, Tagging, names

ALARM = (
    "AlarmDescription ActionsEnabled OKActions AlarmActions InsufficientDataActions MetricName Namespace Statistic "
    "ExtendedStatistic Dimensions Period Unit EvaluationPeriods DatapointsToAlarm Threshold ComparisonOperator "
    "TreatMissingData EvaluateLowSampleCountPercentile Metrics ThresholdMetricId Tags"
)
TAGS = Tagging("cloudwatch", "TagResource", "UntagResource", "ResourceARN")


class Alarm(Kind):
    type = "AWS::CloudWatch::Alarm"
    properties = names(f"{ALARM} AlarmName")
    attributes = names("Arn")

    def create(self, place: Place, properties: Properties) -> str:
        name = properties.get("AlarmName") or place.name(255)
        if place.call("cloudwatch", "DescribeAlarms", AlarmNames=[name])["MetricAlarms"]:
            raise Failed(f"{name} already exists")
        place.call("cloudwatch", "PutMetricAlarm", properties, AlarmName=name)
        return str(name)

    def update(self, place: Place, physical_id: str, properties: Properties, before: Properties) -> None:
        place.call("cloudwatch", "PutMetricAlarm", without(properties, "Tags"), AlarmName=physical_id)
        arn = self.told(place, physical_id, properties)["Arn"]
        TAGS.update(place, arn, properties.get("Tags"), before.get("Tags"))

    def delete(self, place: Place, physical_id: str, properties: Properties) -> None:
        place.call("cloudwatch", "DeleteAlarms", AlarmNames=[physical_id])

    def told(self, place: Place, physical_id: str, properties: Properties) -> dict[str, Any]:
        return {"Arn": place.cloud.arn("cloudwatch", f"alarm:{physical_id}")}


class Dashboard(Kind):
    type = "AWS::CloudWatch::Dashboard"
    properties = names("DashboardName DashboardBody")

    def create(self, place: Place, properties: Properties) -> str:
        name = properties.get("DashboardName") or place.name(255)
        there = place.call("cloudwatch", "ListDashboards", DashboardNamePrefix=name)["DashboardEntries"]
        if name in [each["DashboardName"] for each in there]:
            raise Failed(f"{name} already exists")
        place.call("cloudwatch", "PutDashboard", properties, DashboardName=name)
        return str(name)

    def update(self, place: Place, physical_id: str, properties: Properties, before: Properties) -> None:
        place.call("cloudwatch", "PutDashboard", properties, DashboardName=physical_id)

    def delete(self, place: Place, physical_id: str, properties: Properties) -> None:
        place.call("cloudwatch", "DeleteDashboards", DashboardNames=[physical_id])


KINDS: list[Kind] = [Alarm(), Dashboard()]
