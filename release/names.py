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


STANDING = ("5xx-rate", "4xx-rate", "latency", "no-traffic", "memory", "disk", "concurrency")


def standing_alarm(endpoint_name: str, kind: str) -> str:
    """Of all fleets, so that no config is in its name. The one of 5xx responses takes releases back, too."""
    return f"{endpoint_name}-{kind}"


def standing_alarms(endpoint_name: str) -> tuple[str, ...]:
    return tuple(standing_alarm(endpoint_name, kind) for kind in STANDING)


def dashboard(settings: Settings) -> str:
    """With the region: dashboards are the account's, of all regions."""
    return f"{settings.endpoint_name}-{settings.aws.region}"


def with_unit(alarm_name: str, value: float) -> str:
    """A value of one of the project's alarms, as people read it; of others as it is."""
    kind = alarm_name.rpartition("-")[2]
    if kind == "latency":
        return f"{value:.0f} ms"
    if kind in ("memory", "disk"):
        return f"{value:.0f} %"
    return f"{100 * value:.3g} %" if kind in ("5xx", "4xx", "rate", "concurrency") else f"{value:g}"


def watches_new_fleet(config_name: str, alarm_name: str) -> bool:
    return alarm_name.startswith(f"{config_name}-")


def short(package_arn: str) -> str:
    """``churn/7`` of arn:aws:sagemaker:...:model-package/churn/7."""
    return package_arn.rsplit("model-package/", 1)[-1]


def tags(settings: Settings, package_arn: str, package: Mapping[str, Any]) -> list[dict[str, str]]:
    """Those of the settings, and the origin of the model."""
    commit = package.get("CustomerMetadataProperties", {}).get("git_commit", "")
    origin = {"model-package": package_arn, **({"git-commit": commit} if commit else {})}
    return tag_list({**settings.tags, **origin})


def tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]
