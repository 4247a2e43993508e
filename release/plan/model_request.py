"""CreateModel: the package in the network and under the role of this environment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from release import names
from release.call import Call
from settings.model import Settings


def model(settings: Settings, package_arn: str, package: Mapping[str, Any]) -> Call:
    request = _request(settings, package_arn)
    name = names.by_content(settings, request)
    return Call(
        "sagemaker",
        "create_model",
        {"ModelName": name, **request, "Tags": names.tags(settings, package_arn, package)},
        f"model {name}: package {names.short(package_arn)} as this environment runs it",
        ignore=("ValidationException: already existing",),
    )


def _request(settings: Settings, package_arn: str) -> dict[str, Any]:
    environment = {  # the rest is the package's own
        "MODEL_PACKAGE": names.short(package_arn),  # the handler labels its answers with it
        "MAX_PAYLOAD_BYTES": str(settings.serving.max_payload_bytes),
        "PIP_NO_BUILD_ISOLATION": "0",  # also for packages that were registered without it
    }
    request: dict[str, Any] = {
        "ExecutionRoleArn": settings.hosting_role_arn,
        "Containers": [{"ModelPackageName": package_arn, "Environment": environment}],
        "EnableNetworkIsolation": settings.network.isolation,
    }
    if settings.network.subnets:
        request["VpcConfig"] = {
            "Subnets": list(settings.network.subnets),
            "SecurityGroupIds": list(settings.network.security_groups),
        }
    return request
