"""Real time as a kind of serving: two fleets of instances, with traffic that moves from the old one to the new one."""

from __future__ import annotations

from collections.abc import Iterator

from release.call import Call
from release.kinds import autoscaling
from release.kinds.kind import Capacity, Kind, Rollout, TrafficShift
from release.kinds.realtime import guardrails, instances, preflight, scaling
from release.state.state import Response, State
from settings.model import Settings


class Realtime(Kind):
    compares_fleets = True
    utilization = ("memory", "disk")

    def capacity(self, settings: Settings) -> Capacity:
        return instances.capacity(settings)

    def mismatch(self, variant: Response) -> str:
        return "serverless" if "ServerlessConfig" in variant else ""

    def peak(self, settings: Settings, state: State, shift: TrafficShift) -> tuple[str, int]:
        return instances.peak(settings, state, shift)

    def rollout(self, settings: Settings, config_name: str, all_at_once: bool) -> Rollout:
        return guardrails.rollout(settings, config_name, all_at_once)

    def scaling(self, settings: Settings, state: State, recreate: bool) -> tuple[Call, ...]:
        return autoscaling.scaling(settings, state, recreate, scaling.tracking(settings))

    def blocked_by_scaling(self, settings: Settings, state: State) -> bool:
        return instances.blocked_by_scaling(settings, state)

    def problems(self, settings: Settings, state: State, shift: TrafficShift, replaces: bool) -> Iterator[str]:
        return preflight.problems(settings, state, shift, replaces)


KIND = Realtime()
