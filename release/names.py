"""Names of resources. Models and configs are named by their content: a second run finds those of the first."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from settings.model import Settings

VARIANT = "AllTraffic"  # always: an update with guardrails refuses a variant that is called otherwise
DIGITS = 10
NAMESPACE = "AWS/SageMaker"  # of an endpoint's metrics


def by_content(settings: Settings, request: Mapping[str, Any]) -> str:
    """``<project>-<env>-<hash>``. Tags are not content: another cost centre does not make another model."""
    content = {name: value for name, value in request.items() if name != "Tags"}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return f"{settings.endpoint_name}-{hashlib.sha256(text.encode()).hexdigest()[:DIGITS]}"


def both_fleets_alarm(endpoint_name: str) -> str:
    """The one alarm of a release that is not named after a config."""
    return f"{endpoint_name}-5xx-rate"


def watches_new_fleet(config_name: str, alarm_name: str) -> bool:
    return alarm_name.startswith(f"{config_name}-")


def short(package_arn: str) -> str:
    """``churn/7`` of arn:aws:sagemaker:...:model-package/churn/7."""
    return package_arn.rsplit("model-package/", 1)[-1]


def tags(settings: Settings, package_arn: str, package: Mapping[str, Any]) -> list[dict[str, str]]:
    """Those of the settings, and the origin of the model."""
    commit = package.get("CustomerMetadataProperties", {}).get("git_commit", "")
    origin = {"model-package": package_arn, **({"git-commit": commit} if commit else {})}
    return [{"Key": key, "Value": value} for key, value in sorted({**settings.tags, **origin}.items())]
