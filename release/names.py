"""What things are called. Models and configs are named by what they contain: a second run finds those of the first."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from settings.model import Settings

VARIANT = "AllTraffic"  # never another: a guarded update refuses a variant that is called otherwise
DIGITS = 10


def by_content(settings: Settings, request: Mapping[str, Any]) -> str:
    """``<project>-<env>-<hash>``. Tags are no content: another cost centre is no other model."""
    content = {name: value for name, value in request.items() if name != "Tags"}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return f"{settings.endpoint_name}-{hashlib.sha256(text.encode()).hexdigest()[:DIGITS]}"


def resource_id(settings: Settings) -> str:
    """How Application Auto Scaling calls the variant."""
    return f"endpoint/{settings.endpoint_name}/variant/{VARIANT}"


def short(package_arn: str) -> str:
    """``churn/7`` of arn:aws:sagemaker:...:model-package/churn/7."""
    return package_arn.rsplit("model-package/", 1)[-1]


def tags(settings: Settings, package_arn: str, package: Mapping[str, Any]) -> list[dict[str, str]]:
    """Those of the settings, and where the model comes from."""
    commit = package.get("CustomerMetadataProperties", {}).get("git_commit", "")
    origin = {"model-package": package_arn, **({"git-commit": commit} if commit else {})}
    return [{"Key": key, "Value": value} for key, value in sorted({**settings.tags, **origin}.items())]
