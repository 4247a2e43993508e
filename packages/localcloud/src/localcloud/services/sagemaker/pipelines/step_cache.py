"""Step caching: a step that recently succeeded with the same inputs is not run again.

The key consists of the attributes that AWS documents for each type: code, inputs and parameters, not output locations
and instances. As on AWS, only the latest success of the same step of the same pipeline is used.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

KEYS = {
    "Processing": ("AppSpecification", "Environment", "ProcessingInputs"),
    "Training": (
        "AlgorithmSpecification", "CheckpointConfig", "DebugHookConfig", "DebugRuleConfigurations", "Environment",
        "HyperParameters", "InputDataConfig",
    ),
    "Transform": ("DataProcessing", "Environment", "ModelName", "TransformInput"),
}  # fmt: skip
DURATION = re.compile(
    r"P?(?:(?P<y>\d+)Y)?(?:(?P<mo>\d+)M)?(?:(?P<w>\d+)W)?(?:(?P<d>\d+)D)?"
    r"(?:T(?:(?P<h>\d+)H)?(?:(?P<mi>\d+)M)?(?:(?P<s>\d+)S)?)?",
    re.IGNORECASE,
)
DAY = 86400
SECONDS = {"y": 365 * DAY, "mo": 30 * DAY, "w": 7 * DAY, "d": DAY, "h": 3600, "mi": 60, "s": 1}


@dataclass(frozen=True)
class Hit:
    at: float  # seconds, when the original step started
    source: str  # the original execution's ARN
    output: dict[str, Any]
    metadata: dict[str, Any]


class Cache:
    """One for each pipeline."""

    def __init__(self) -> None:
        self._hits: dict[tuple[str, str], Hit] = {}

    def put(self, step: str, key: str, hit: Hit) -> None:
        self._hits[step, key] = hit

    def find(self, entry: dict[str, Any], key: str, now: float) -> Hit | None:
        config = entry.get("CacheConfig", {})
        if not key or not config.get("Enabled"):
            return None
        hit = self._hits.get((entry["Name"], key))
        return hit if hit and now - hit.at <= duration(config["ExpireAfter"]) else None


def key(kind: str, arguments: dict[str, Any]) -> str:
    """Empty for a type that is not cached."""
    attributes = {name: arguments.get(name) for name in KEYS.get(kind, ())}
    return json.dumps([kind, attributes], sort_keys=True) if attributes else ""


def duration(text: str) -> int:
    """Seconds of an ISO 8601 duration, as AWS accepts it: P7D, PT2H, and also 30d or T16m."""
    match = DURATION.fullmatch(text)
    if not match or not any(match.groups()):
        raise ValueError(f"{text!r} is not an ISO 8601 duration such as P7D or PT2H")
    return sum(int(number) * SECONDS[unit] for unit, number in match.groupdict().items() if number)


def problems(step: dict[str, Any]) -> Iterator[str]:
    config = step.get("CacheConfig", {})
    if not isinstance(config, dict) or not isinstance(config.get("Enabled", False), bool):
        yield "CacheConfig must be an object with Enabled (true or false) and ExpireAfter"
    elif config and step["Type"] not in KEYS:
        yield f"CacheConfig is not possible for a step of type {step['Type']}"
    elif config.get("Enabled"):
        try:
            duration(str(config.get("ExpireAfter")))
        except ValueError as error:
            yield f"CacheConfig.ExpireAfter: {error}"
