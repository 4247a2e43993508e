"""Checks of a scalable target's identity and limits: what AWS refuses, and what localcloud does not scale."""

from __future__ import annotations

from typing import Any

from localcloud.core.refusal import Refusal, not_implemented
from localcloud.services.autoscaling import variants
from localcloud.services.autoscaling.records import NOUNS


def check_dimension(request: dict[str, Any]) -> None:
    space, dimension, resource = request["ServiceNamespace"], request["ScalableDimension"], request["ResourceId"]
    unsupported = "Unsupported service namespace, resource type or scalable dimension"
    if not dimension.startswith(f"{space}:"):
        raise Refusal("ValidationException", unsupported)
    if dimension not in NOUNS:
        raise not_implemented(f"Application Auto Scaling of {dimension} (only {', '.join(NOUNS)})")
    if not variants.is_variant(resource):
        raise Refusal("ValidationException", f"{unsupported}: {resource} is not endpoint/<name>/variant/<name>.")


def check_limits(low: int | None, high: int | None) -> None:
    if low is None or high is None:
        raise Refusal("ValidationException", "MinCapacity and MaxCapacity are required for a new scalable target.")
    if low < 0 or high < 0:
        raise Refusal("ValidationException", "Minimum and maximum capacity must not be negative.")
    if low > high:
        raise Refusal("ValidationException", "Maximum capacity cannot be less than minimum capacity")
