"""CreateEndpointConfig: where the model runs, and how many of its requests are captured.

Everything in a config but its tags is fixed at its creation, so different content makes a different config.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from release import names
from release.call import Call
from release.kinds import serving_kind
from release.kinds.kind import Capacity
from settings.model import Settings

CSV = ["text/csv"]
JSON = ["application/json", "application/jsonlines"]


def config(settings: Settings, model_name: str, package_arn: str, package: Mapping[str, Any]) -> Call:
    capacity = serving_kind(settings).capacity(settings)
    request = _request(settings, capacity, model_name)
    name, percent = names.by_content(settings, request), settings.serving.data_capture_percent
    capture = f", {percent} % of the requests captured" if percent else ""
    return Call(
        "sagemaker",
        "create_endpoint_config",
        {"EndpointConfigName": name, **request, "Tags": names.tags(settings, package_arn, package)},
        f"endpoint config {name}: {capacity.sentence}{capture}",
        ignore=("ValidationException: already existing",),
    )


def _request(settings: Settings, capacity: Capacity, model_name: str) -> dict[str, Any]:
    variant = {"VariantName": names.VARIANT, "ModelName": model_name, **capacity.variant}
    request: dict[str, Any] = {"ProductionVariants": [variant]}
    if settings.serving.data_capture_percent:
        request["DataCaptureConfig"] = _capture(settings)
    if settings.network.kms_key_id and capacity.takes_key:
        request["KmsKeyId"] = settings.network.kms_key_id
    return request


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
