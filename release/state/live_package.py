"""What the endpoint lives on: its config, the model of that, and the package that this was made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aws.refusals import is_missing
from release.context import Site
from release.state.endpoint import Look, look


@dataclass(frozen=True)
class Live:
    look: Look
    model: str = ""
    package: str = ""  # "" where a model was made without one, or is gone


def live(site: Site) -> Live:
    sagemaker = site.client("sagemaker")
    seen = look(sagemaker, site.endpoint)
    if not seen.config:
        return Live(seen)
    try:
        config = sagemaker.describe_endpoint_config(EndpointConfigName=seen.config)
        name = config["ProductionVariants"][0]["ModelName"]
        return Live(seen, name, package_of(sagemaker.describe_model(ModelName=name)))
    except Exception as error:
        if is_missing(error):  # deleted by hand under a living endpoint
            return Live(seen)
        raise


def package_of(model: dict[str, Any]) -> str:
    containers = model.get("Containers") or [model.get("PrimaryContainer") or {}]
    return str(containers[0].get("ModelPackageName", ""))
