"""The resource types, one small class each; each module covers a service of AWS."""

from __future__ import annotations

from localcloud.services.cloudformation.resources import (
    alarms,
    autoscaling,
    developer_tools,
    ec2,
    ecr,
    events,
    iam,
    kms,
    logs,
    s3,
    sagemaker,
    security_groups,
    sns,
    sqs,
    ssm,
)
from localcloud.services.cloudformation.resources.resource_type import ResourceType

MODULES = (
    *(alarms, autoscaling, developer_tools, ec2, ecr, events, iam, kms),
    *(logs, s3, sagemaker, security_groups, sns, sqs, ssm),
)
RESOURCE_TYPES: dict[str, ResourceType] = {each.type: each for module in MODULES for each in module.RESOURCE_TYPES}
