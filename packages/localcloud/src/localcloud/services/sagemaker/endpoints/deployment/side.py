"""One side of a deployment: the fleets of all variants of one endpoint config."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from localcloud.services.sagemaker.endpoints.deployment.stages import Counts
from localcloud.services.sagemaker.hosting.fleet import Fleet


@dataclass
class Member:
    """One variant's fleet."""

    variant: Mapping[str, Any]  # ProductionVariant
    fleet: Fleet
    image: Mapping[str, Any]  # DeployedImage
    weight: float
    desired: int
    serverless: Mapping[str, int] | None = None  # its ServerlessConfig; None with instances
    count: int = 0  # launched
    active: int = 0  # of those, the ones that take traffic
    requested: int = 0  # of the fleet, launched or not: it still counts those that failed or were given up


@dataclass
class Side:
    config_name: str
    members: dict[str, Member] = field(default_factory=dict)  # by the variant's name

    @property
    def desired(self) -> Counts:
        return {name: member.desired for name, member in self.members.items()}

    @property
    def counts(self) -> Counts:
        return {name: member.count for name, member in self.members.items()}

    @property
    def serves(self) -> bool:
        return all(member.fleet.size > 0 for member in self.members.values())

    def grow(self, counts: Counts, done: Callable[[str], None]) -> None:
        """Calls ``done("")`` when all of them answer, or ``done(reason)``, once, when one cannot."""
        growing = {name: count for name, count in counts.items() if count > self.members[name].count}
        if not growing:
            done("")
            return
        waiting = set(growing)

        def on_started(name: str, failure: str) -> None:
            if not waiting:
                return
            if failure:
                waiting.clear()
                done(failure)
                return
            self.members[name].count = growing[name]
            waiting.discard(name)
            if not waiting:
                done("")

        for name, count in growing.items():
            if waiting:
                member = self.members[name]
                member.requested += count - member.count
                member.fleet.start(count - member.count, partial(on_started, name))

    def shrink(self, counts: Counts) -> None:
        for name, count in counts.items():
            member = self.members[name]
            if not count:
                member.fleet.stop()
            elif count < member.requested:
                member.fleet.shrink(member.requested - count)
            member.requested, member.count = min(member.requested, count), min(member.count, count)
            member.active = min(member.active, count)

    def stop(self) -> None:
        self.shrink(dict.fromkeys(self.members, 0))
