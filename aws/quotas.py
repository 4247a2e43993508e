"""SageMaker's service quotas of instances, by the names that AWS gives them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from aws.refusals import is_denied, is_transient

UNREAD = (
    "the service quotas could not be read (servicequotas:ListServiceQuotas), so nothing says whether there are enough "
    "instances"
)


def endpoint_quota(instance_type: str) -> str:
    return f"{instance_type} for endpoint usage"


def processing_quota(instance_type: str) -> str:
    return f"{instance_type} for processing job usage"


def training_quota(instance_type: str, spot: bool) -> str:
    return f"{instance_type} for {'spot ' if spot else ''}training job usage"


def read(client: Callable[[str], Any], names: Collection[str]) -> dict[str, float] | None:
    """Those of ``names`` that AWS has; None when they cannot be read, which refuses nothing."""
    found: dict[str, float] = {}
    try:
        pages = client("service-quotas").get_paginator("list_service_quotas").paginate(ServiceCode="sagemaker")
        for page in pages:
            found |= {each["QuotaName"]: each["Value"] for each in page["Quotas"] if each["QuotaName"] in names}
            if len(found) == len(set(names)):
                break
    except Exception as error:
        if is_denied(error) or is_transient(error):
            return None
        raise
    return found


def shortage(name: str, needed: int, quotas: Mapping[str, float]) -> str:
    """A sentence when the quota is less than what is needed; others of the account may use some of it as well."""
    quota = quotas.get(name)
    if quota is None or quota >= needed:
        return ""
    remedy = "request an increase in the Service Quotas console"
    return f'the quota "{name}" is {quota:g}, and {needed} are needed: {remedy}'
