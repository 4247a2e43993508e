"""A cloud with its services. Their order does not matter."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path

from localcloud.core.clock import Clock
from localcloud.core.cloud import Cloud
from localcloud.core.seed import ACCOUNT, REGION
from localcloud.core.service import Service

SERVICES = (
    "localcloud.services.autoscaling.service:AutoScaling",
    "localcloud.services.cloudformation.service:CloudFormation",
    "localcloud.services.cloudwatch.service:CloudWatch",
    "localcloud.services.codebuild.service:CodeBuild",
    "localcloud.services.codecommit.service:CodeCommit",
    "localcloud.services.codeconnections.service:CodeConnections",
    "localcloud.services.codeconnections.service:CodeStarConnections",
    "localcloud.services.codepipeline.service:CodePipeline",
    "localcloud.services.ecr.service:ECR",
    "localcloud.services.events.service:Events",
    "localcloud.services.sagemaker.service:SageMaker",
    "localcloud.services.sagemaker_runtime.service:SageMakerRuntime",
    "localcloud.services.scheduler.service:Scheduler",
    "localcloud.services.service_quotas.service:ServiceQuotas",
    "localcloud.services.sts.service:Sts",
)  # "module:Class"; a new service is added here and nowhere else


def compose(
    folder: Path,
    *,
    clock: Clock | None = None,
    account: str = ACCOUNT,
    region: str = REGION,
    services: Sequence[type[Service] | str] | None = None,
    enforced: bool = False,
) -> Cloud:
    cloud = Cloud(folder, clock=clock, account=account, region=region, enforced=enforced)
    added = [_load(service)(cloud) for service in (SERVICES if services is None else services)]
    for service in added:
        cloud.add(service)
    for service in added:
        service.connect()
    return cloud


def _load(service: type[Service] | str) -> type[Service]:
    if not isinstance(service, str):
        return service
    module, name = service.split(":")
    loaded: type[Service] = getattr(importlib.import_module(module), name)
    return loaded
