"""What of SageMaker and CloudWatch belongs to this environment's endpoint, by its name alone."""

from __future__ import annotations

import re
from collections.abc import Iterator

from release.context import Site
from release.names import DIGITS


def own(site: Site, name: str) -> bool:
    """Not those of an environment whose name begins with this one's."""
    return re.fullmatch(rf"{re.escape(site.endpoint)}-[0-9a-f]{{{DIGITS}}}", name) is not None


def configs(site: Site) -> list[str]:
    pages = site.client("sagemaker").get_paginator("list_endpoint_configs").paginate(NameContains=site.endpoint)
    found = (each["EndpointConfigName"] for page in pages for each in page["EndpointConfigs"])
    return [name for name in found if own(site, name)]


def models(site: Site) -> list[str]:
    pages = site.client("sagemaker").get_paginator("list_models").paginate(NameContains=site.endpoint)
    return [name for name in (each["ModelName"] for page in pages for each in page["Models"]) if own(site, name)]


def alarms(site: Site) -> dict[str, str]:
    """Each alarm that deployments made, and the config that it watches; "" for those of the whole endpoint."""
    pages = site.client("cloudwatch").get_paginator("describe_alarms").paginate(AlarmNamePrefix=f"{site.endpoint}-")
    return {name: config for name, config in (_watched(site, name) for name in _names(pages)) if config is not None}


def _names(pages: Iterator[dict[str, list[dict[str, str]]]]) -> Iterator[str]:
    return (alarm["AlarmName"] for page in pages for alarm in page.get("MetricAlarms", []))


def _watched(site: Site, name: str) -> tuple[str, str | None]:
    if name == f"{site.endpoint}-5xx-rate":
        return name, ""
    config = name.rpartition("-")[0]
    return name, config if own(site, config) else None
