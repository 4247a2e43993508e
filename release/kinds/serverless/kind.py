"""Serverless as a kind of serving: the new config replaces the old one at once, and no alarm takes it back."""

from __future__ import annotations

from collections.abc import Iterator

from release.call import Call
from release.kinds.kind import Capacity, Kind, Rollout, TrafficShift, at_once
from release.scaling_target import deregister
from release.state.state import Response, State
from settings.model import Settings

NOTE = "a serverless endpoint has no guardrails: nothing is shifted in parts, no alarm takes it back"


class Serverless(Kind):
    compares_fleets = False
    has_instances = False

    def capacity(self, settings: Settings) -> Capacity:
        memory, concurrency = settings.serving.serverless_memory_mb, settings.serving.serverless_max_concurrency
        config = {"MemorySizeInMB": memory, "MaxConcurrency": concurrency}
        return Capacity({"ServerlessConfig": config}, f"serverless, {memory} MB, {concurrency} requests at once")

    def mismatch(self, variant: Response) -> str:
        return "" if "ServerlessConfig" in variant else "on instances"

    def peak(self, settings: Settings, state: State, shift: TrafficShift) -> None:
        return None

    def rollout(self, settings: Settings, config_name: str, all_at_once: bool) -> Rollout:
        return Rollout(at_once(settings), "replaced at once, no guardrails", notes=(NOTE,))

    def scaling(self, settings: Settings, state: State, recreate: bool) -> tuple[Call, ...]:
        """A target can only be left over from an endpoint on instances."""
        return (deregister(settings, "the settings turn autoscaling off"),) if state.target is not None else ()

    def blocked_by_scaling(self, settings: Settings, state: State) -> bool:
        return False

    def problems(self, settings: Settings, state: State, shift: TrafficShift, replaces: bool) -> Iterator[str]:
        yield from ()


KIND = Serverless()
