"""The resource types, one small class each; each module covers a service of AWS or a part of one."""

from __future__ import annotations

from localcloud.services.cloudformation.resources import (
    autoscaling,
    cloudwatch,
    codebuild,
    codecommit,
    codeconnections,
    codepipeline,
    ec2,
    ec2_security_groups,
    ecr,
    events,
    iam_policies,
    iam_roles,
    kms,
    logs,
    s3,
    sagemaker,
    scheduler,
    sns,
    sqs,
    ssm,
)
from localcloud.services.cloudformation.resources.resource_type import ResourceType

MODULES = (
    *(autoscaling, cloudwatch, codebuild, codecommit, codeconnections, codepipeline, ec2, ec2_security_groups, ecr),
    *(events, iam_policies, iam_roles, kms, logs, s3, sagemaker, scheduler, sns, sqs, ssm),
)
RESOURCE_TYPES: dict[str, ResourceType] = {each.type: each for module in MODULES for each in module.RESOURCE_TYPES}
