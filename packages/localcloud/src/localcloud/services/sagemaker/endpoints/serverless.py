"""What AWS refuses of serverless variants, beyond its model of the requests, and how one is described.

https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints.html has what they cannot do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from localcloud.services.sagemaker.hosting.serverless_fleet import SERVERLESS

Members = Mapping[str, Any]
GIGABYTE = 1024  # of MemorySizeInMB
NOT_BESIDE = (
    "InstanceType",
    "InitialInstanceCount",
    "AcceleratorType",
    "VolumeSizeInGB",
    "ModelDataDownloadTimeoutInSeconds",
    "ContainerStartupHealthCheckTimeoutInSeconds",
)
NOT_IN_CONFIG = ("DataCaptureConfig", "ShadowProductionVariants", "AsyncInferenceConfig", "ExplainerConfig")


def is_serverless(variant: Members) -> bool:
    return SERVERLESS in variant


def problems(variant: Members, config: Members, model: Members) -> Iterator[str]:
    """Of a variant of a new endpoint config."""
    if not is_serverless(variant):
        return
    for name in NOT_BESIDE:
        if name in variant:
            yield f"{name} cannot be given for a variant with ServerlessConfig."
    for name in NOT_IN_CONFIG:
        if config.get(name):
            yield f"{name} is not supported for serverless endpoints."
    if len(config["ProductionVariants"]) > 1:
        yield "A serverless endpoint has one production variant."
    for name in ("VpcConfig", "EnableNetworkIsolation"):
        if model.get(name):
            yield f"{name} of model {model['ModelName']} is not supported for serverless endpoints."
    if memory := variant[SERVERLESS]["MemorySizeInMB"] % GIGABYTE:
        yield f"MemorySizeInMB must be a multiple of {GIGABYTE}: it is {memory} too much."
    yield from concurrency_problems(variant[SERVERLESS])


def concurrency_problems(config: Members) -> Iterator[str]:
    """Of a ServerlessConfig, or of one with an update over it."""
    provisioned, most = config.get("ProvisionedConcurrency", 0), config["MaxConcurrency"]
    if provisioned > most:
        yield f"ProvisionedConcurrency ({provisioned}) must be less than or equal to MaxConcurrency ({most})."


def update_problems(old: Iterable[Members], new: Iterable[Members], policy: Members) -> Iterator[str]:
    """``old`` are the running variants: an endpoint with instances never becomes serverless."""
    if not any(map(is_serverless, new)):
        return
    if not all(map(is_serverless, old)):
        yield "An endpoint with instances cannot be updated to a serverless endpoint."
    if policy:
        yield "DeploymentConfig is not supported for serverless endpoints."


def capacity_problems(name: str, current: Members | None, desired: Members) -> Iterator[str]:
    """Of a DesiredWeightAndCapacity; ``current`` is the variant's ServerlessConfig, if it is serverless."""
    update = desired.get("ServerlessUpdateConfig", {})
    if current is None:
        if update:
            yield f"ServerlessUpdateConfig cannot be given for variant {name}, which has instances."
        return
    if "DesiredInstanceCount" in desired:
        yield f"DesiredInstanceCount cannot be given for variant {name}, which is serverless."
    yield from concurrency_problems({**current, **update})
