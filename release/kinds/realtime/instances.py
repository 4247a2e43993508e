"""The instances of a real-time endpoint: how many of which type, and what their type rules out."""

from __future__ import annotations

from release.kinds.kind import Capacity
from release.state.state import State
from settings.instance_types import has_local_storage
from settings.model import Settings


def capacity(settings: Settings) -> Capacity:
    instance_type, count = settings.serving.instance_type, settings.serving.instance_count
    variant = {"InstanceType": instance_type, "InitialInstanceCount": count, "InitialVariantWeight": 1.0}
    takes_key = not has_local_storage(instance_type)
    return Capacity(variant, f"{count} x {instance_type} at the start", takes_key)


def blocked_by_scaling(settings: Settings, state: State) -> bool:
    """AWS refuses another instance type while the variant scales automatically."""
    live = state.live_variant.get("InstanceType")
    return state.target is not None and live is not None and live != settings.serving.instance_type
