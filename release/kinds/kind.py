"""The interface of a kind of serving. Everything but ``State`` is pure data from the settings; nothing calls AWS."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from release.call import Call
from release.state.state import Response, State
from settings.model import Settings

STARTUP_SECONDS = 600  # the least time that a rollout at once leaves for starting what serves


@dataclass(frozen=True)
class Capacity:
    """What an endpoint config says about where the model runs."""

    variant: dict[str, Any]  # of ProductionVariants, beside its name and its model
    sentence: str
    takes_key: bool = True  # may the config name a KMS key for the storage


@dataclass(frozen=True)
class TrafficShift:
    """How traffic moves from the old fleet to the new one."""

    strategy: str  # canary, linear, rolling, all_at_once
    step_percent: int  # the first share, each step, or each batch; 100 with all_at_once
    steps: int  # bakes before all traffic has moved
    wait_seconds: int  # of each bake
    termination_wait_seconds: int  # the last bake, with all traffic on the new fleet
    timeout_seconds: int


def at_once(settings: Settings) -> TrafficShift:
    last = settings.rollout.termination_wait_seconds
    return TrafficShift("all_at_once", 100, 0, 0, last, max(settings.rollout.timeout_seconds, last + STARTUP_SECONDS))


@dataclass(frozen=True)
class Rollout:
    """How an update reaches the endpoint, and what takes it back."""

    traffic_shift: TrafficShift
    sentence: str
    parameters: dict[str, Any] = field(default_factory=dict)  # of UpdateEndpoint, beside the names
    alarms: tuple[Call, ...] = ()  # the release's own
    judgement_alarms: tuple[Call, ...] = ()  # its metric and their alarms, for as long as a deployment lasts
    rollback_alarms: tuple[str, ...] = ()  # their names, and those of the settings; with none, nothing is taken back
    notes: tuple[str, ...] = ()  # sentences for people, before anything is done


class Kind(ABC):
    compares_fleets: bool  # do both fleets serve for a while, so that bake traffic and a comparison make sense
    guards_itself = False  # does the command judge and take back, because SageMaker has no guardrails for this kind
    utilization: tuple[str, ...] = ()  # what can be full and has an alarm and a graph: see standing_alarms.py

    @abstractmethod
    def capacity(self, settings: Settings) -> Capacity: ...

    @abstractmethod
    def mismatch(self, variant: Response) -> str:
        """What the live variant is (as in "on instances") when no update makes this kind of it; otherwise ""."""

    @abstractmethod
    def peak(self, settings: Settings, state: State, shift: TrafficShift) -> tuple[str, int] | None:
        """The instance type, and how many of it exist at once while a deployment moves traffic; None without any."""

    @abstractmethod
    def rollout(self, settings: Settings, config_name: str, all_at_once: bool) -> Rollout: ...

    @abstractmethod
    def scaling(self, settings: Settings, state: State, recreate: bool) -> tuple[Call, ...]:
        """What to send once the endpoint is InService. ``recreate``: the present scalable target will be gone."""

    @abstractmethod
    def blocked_by_scaling(self, settings: Settings, state: State) -> bool:
        """Does AWS refuse the update while the scalable target is registered?"""

    @abstractmethod
    def problems(self, settings: Settings, state: State, shift: TrafficShift, replaces: bool) -> Iterator[str]:
        """Reasons against an update of an endpoint that is InService, each with what to do.

        ``replaces``: the scalable target is taken off before the update.
        """
