"""What the endpoint serves: its config, the model of that, and the package that the model was made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aws.refusals import is_missing
from release.context import Context
from release.state.endpoint import EndpointStatus, read_endpoint


@dataclass(frozen=True)
class LivePackage:
    endpoint: EndpointStatus
    model: str = ""
    package: str = ""  # "" where a model was made without one, or no longer exists


def read_live_package(context: Context) -> LivePackage:
    sagemaker = context.client("sagemaker")
    endpoint = read_endpoint(sagemaker, context.endpoint_name)
    if not endpoint.config:
        return LivePackage(endpoint)
    return LivePackage(endpoint, *_model_and_package(sagemaker, endpoint.config))


def package_of_config(context: Context, config: str) -> str:
    return _model_and_package(context.client("sagemaker"), config)[1] if config else ""


def _model_and_package(sagemaker: Any, config: str) -> tuple[str, str]:
    try:
        described = sagemaker.describe_endpoint_config(EndpointConfigName=config)
        name = str(described["ProductionVariants"][0]["ModelName"])
        return name, package_of(sagemaker.describe_model(ModelName=name))
    except Exception as error:
        if is_missing(error):  # deleted by hand under a live endpoint
            return "", ""
        raise


def package_of(model: dict[str, Any]) -> str:
    containers = model.get("Containers") or [model.get("PrimaryContainer") or {}]
    return str(containers[0].get("ModelPackageName", ""))
