"""The instances of a real-time endpoint: how many of which type, and what their type rules out."""

from __future__ import annotations

from math import ceil

from release.kinds.kind import Capacity, TrafficShift
from release.state.state import State
from settings.instance_types import has_local_storage
from settings.model import Settings


def capacity(settings: Settings) -> Capacity:
    instance_type, count = settings.serving.instance_type, settings.serving.instance_count
    variant = {"InstanceType": instance_type, "InitialInstanceCount": count, "InitialVariantWeight": 1.0}
    takes_key = not has_local_storage(instance_type)
    return Capacity(variant, f"{count} x {instance_type} at the start", takes_key)


def peak(settings: Settings, state: State, shift: TrafficShift) -> tuple[str, int]:
    """Both fleets, or the fleet and a batch; an old fleet of another type has a quota of its own."""
    instance_type, count = settings.serving.instance_type, settings.serving.instance_count
    live = state.desired_instances or 0
    new = live if live and settings.serving.autoscales else count
    if shift.strategy == "rolling" and live:
        new = ceil(new * shift.step_percent / 100)
    same_type = state.live_variant.get("InstanceType") == instance_type
    return instance_type, new + (live if same_type else 0)


def blocked_by_scaling(settings: Settings, state: State) -> bool:
    """AWS refuses another instance type while the variant scales automatically."""
    live = state.live_variant.get("InstanceType")
    return state.target is not None and live is not None and live != settings.serving.instance_type
