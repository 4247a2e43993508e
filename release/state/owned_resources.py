"""The resources of SageMaker and CloudWatch that belong to this environment's endpoint, by their names alone."""

from __future__ import annotations

import re
from collections.abc import Iterator

from release.context import Context
from release.names import DIGITS, dashboard, standing_alarms


def owns(context: Context, name: str) -> bool:
    """False for those of an environment whose name begins with this one's."""
    return re.fullmatch(rf"{re.escape(context.endpoint_name)}-[0-9a-f]{{{DIGITS}}}", name) is not None


def configs(context: Context) -> list[str]:
    paginator = context.client("sagemaker").get_paginator("list_endpoint_configs")
    pages = paginator.paginate(NameContains=context.endpoint_name)
    names = (config["EndpointConfigName"] for page in pages for config in page["EndpointConfigs"])
    return [name for name in names if owns(context, name)]


def models(context: Context) -> list[str]:
    pages = context.client("sagemaker").get_paginator("list_models").paginate(NameContains=context.endpoint_name)
    names = (model["ModelName"] for page in pages for model in page["Models"])
    return [name for name in names if owns(context, name)]


def alarms(context: Context) -> dict[str, str]:
    """Each alarm that deployments made, and the config that it watches; "" for those that stay."""
    paginator = context.client("cloudwatch").get_paginator("describe_alarms")
    names = _names(paginator.paginate(AlarmNamePrefix=f"{context.endpoint_name}-"))
    return {name: config for name, config in (_with_config(context, name) for name in names) if config is not None}


def dashboards(context: Context) -> list[str]:
    """The one of the endpoint, if there is one."""
    name = dashboard(context.settings)
    pages = context.client("cloudwatch").get_paginator("list_dashboards").paginate(DashboardNamePrefix=name)
    entries = (entry["DashboardName"] for page in pages for entry in page["DashboardEntries"])
    return [entry for entry in entries if entry == name]


def _names(pages: Iterator[dict[str, list[dict[str, str]]]]) -> Iterator[str]:
    return (alarm["AlarmName"] for page in pages for alarm in page.get("MetricAlarms", []))


def _with_config(context: Context, name: str) -> tuple[str, str | None]:
    if name in standing_alarms(context.endpoint_name):
        return name, ""
    config = name.rpartition("-")[0]
    return name, config if owns(context, config) else None
