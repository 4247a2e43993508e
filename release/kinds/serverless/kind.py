"""Serverless as a kind of serving: the new config replaces the old one at once, and this command takes it back."""

from __future__ import annotations

from collections.abc import Iterator

from release.call import Call
from release.kinds import autoscaling
from release.kinds.kind import Capacity, Kind, Rollout, TrafficShift
from release.kinds.serverless import guardrails, scaling
from release.state.state import Response, State
from settings.model import Settings


class Serverless(Kind):
    compares_fleets = False
    guards_itself = True
    utilization = ("memory", "concurrency")

    def capacity(self, settings: Settings) -> Capacity:
        serving = settings.serving
        memory, concurrency = serving.serverless_memory_mb, serving.serverless_max_concurrency
        config = {"MemorySizeInMB": memory, "MaxConcurrency": concurrency}
        sentence = f"serverless, {memory} MB, {concurrency} requests at once"
        if provisioned := serving.serverless_provisioned_concurrency:
            config["ProvisionedConcurrency"] = provisioned
            sentence += f", {provisioned} of them kept warm"
        return Capacity({"ServerlessConfig": config}, sentence)

    def mismatch(self, variant: Response) -> str:
        return "" if "ServerlessConfig" in variant else "on instances"

    def peak(self, settings: Settings, state: State, shift: TrafficShift) -> None:
        return None

    def rollout(self, settings: Settings, config_name: str, all_at_once: bool) -> Rollout:
        return guardrails.rollout(settings, all_at_once)

    def scaling(self, settings: Settings, state: State, recreate: bool) -> tuple[Call, ...]:
        return autoscaling.scaling(settings, state, recreate, scaling.tracking(settings))

    def blocked_by_scaling(self, settings: Settings, state: State) -> bool:
        return False

    def problems(self, settings: Settings, state: State, shift: TrafficShift, replaces: bool) -> Iterator[str]:
        yield from ()


KIND = Serverless()
