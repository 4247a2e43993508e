"""CreateEndpointConfig: how many instances of what run the model, and what is kept of their requests.

Everything in a config but its tags is fixed at its creation, so another content is another config.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from release import names
from release.call import Call
from settings.model import Settings

# Their own disks are encrypted by the hardware, and AWS refuses a key of ours for them.
LOCAL_STORAGE = re.compile(r"ml\.(?:[a-z]+\d+[a-z]*d[a-z]*|g[56][a-z]*|gr6[a-z]*|p5[a-z]*|trn\d[a-z]*)\.")
CSV = ["text/csv"]
JSON = ["application/json", "application/jsonlines"]


def config(settings: Settings, model_name: str, package_arn: str, package: Mapping[str, Any]) -> Call:
    request = _request(settings, model_name)
    name = names.by_content(settings, request)
    return Call(
        "sagemaker",
        "create_endpoint_config",
        {"EndpointConfigName": name, **request, "Tags": names.tags(settings, package_arn, package)},
        f"endpoint config {name}: {_told(settings)}",
        ignore=("ValidationException: already existing",),
    )


def takes_key(instance_type: str) -> bool:
    return not LOCAL_STORAGE.match(instance_type)


def _request(settings: Settings, model_name: str) -> dict[str, Any]:
    variant = {"VariantName": names.VARIANT, "ModelName": model_name}
    request: dict[str, Any] = {"ProductionVariants": [{**variant, **_capacity(settings)}]}
    if settings.serving.data_capture_percent:
        request["DataCaptureConfig"] = _capture(settings)
    if settings.network.kms_key_id and takes_key(settings.serving.instance_type):
        request["KmsKeyId"] = settings.network.kms_key_id
    return request


def _capacity(settings: Settings) -> dict[str, Any]:
    serving = settings.serving
    if serving.kind == "serverless":
        sizes = {
            "MemorySizeInMB": serving.serverless_memory_mb,
            "MaxConcurrency": serving.serverless_max_concurrency,
        }
        return {"ServerlessConfig": sizes}
    return {
        "InstanceType": serving.instance_type,
        "InitialInstanceCount": serving.instance_count,
        "InitialVariantWeight": 1.0,
    }


def _capture(settings: Settings) -> dict[str, Any]:
    """SageMaker adds endpoint, variant and hour to the address."""
    capture: dict[str, Any] = {
        "EnableCapture": True,
        "InitialSamplingPercentage": settings.serving.data_capture_percent,
        "DestinationS3Uri": f"{settings.prefix}/capture",
        "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
        "CaptureContentTypeHeader": {"CsvContentTypes": CSV, "JsonContentTypes": JSON},
    }
    if settings.network.kms_key_id:
        capture["KmsKeyId"] = settings.network.kms_key_id
    return capture


def _told(settings: Settings) -> str:
    serving = settings.serving
    if serving.kind == "serverless":
        return f"serverless, {serving.serverless_memory_mb} MB, {serving.serverless_max_concurrency} requests at once"
    captured = f", {serving.data_capture_percent} % of the requests captured" if serving.data_capture_percent else ""
    return f"{serving.instance_count} x {serving.instance_type} at the start{captured}"
