"""The types of resources, one small class each; a module is a service of AWS."""

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
from localcloud.services.cloudformation.resources.resource_type import Kind

MODULES = (
    *(alarms, autoscaling, developer_tools, ec2, ecr, events, iam, kms),
    *(logs, s3, sagemaker, security_groups, sns, sqs, ssm),
)
KINDS: dict[str, Kind] = {kind.type: kind for module in MODULES for kind in module.KINDS}
