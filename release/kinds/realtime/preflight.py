"""Reasons against an update of a real-time endpoint that lie in its instances."""

from __future__ import annotations

from collections.abc import Iterator

from release.kinds.kind import TrafficShift
from release.kinds.realtime.instances import blocked_by_scaling
from release.state.state import State
from settings.model import Settings


def problems(settings: Settings, state: State, shift: TrafficShift, replaces: bool) -> Iterator[str]:
    if blocked_by_scaling(settings, state) and not replaces:
        change = f"{state.live_variant['InstanceType']} to {settings.serving.instance_type}"
        remedy = "add --replace, which takes the autoscaling off, updates, and registers it again"
        yield f"the instance type changes from {change} under autoscaling, which AWS refuses: {remedy}"
    kept = settings.serving.autoscales and state.desired_instances is not None
    count = state.desired_instances if kept else settings.serving.instance_count
    if shift.strategy != "all_at_once" and count is not None and count < 2:
        remedy = "scale it to 2 or more, or deploy with --now"
        yield f"endpoint {settings.endpoint_name} has {count} instance: a {shift.strategy} needs two; {remedy}"
