"""One side of a deployment: the fleets of all variants of one endpoint config."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from localcloud.services.sagemaker.endpoints.deployment.stages import Counts

if TYPE_CHECKING:
    from localcloud.services.sagemaker.hosting.fleet import Fleet


@dataclass
class Member:
    """One variant's fleet."""

    variant: Mapping[str, Any]  # ProductionVariant
    fleet: Fleet
    container: Mapping[str, Any]  # Image, ModelDataUrl, Environment
    weight: float
    desired: int
    count: int = 0  # launched
    active: int = 0  # of those, as many as take traffic
    asked: int = 0  # of the fleet, launched or not: what failed or was given up still has a place there


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
        """``done("")`` when all of them answer; ``done(why)``, once, when one cannot."""
        growing = {name: count for name, count in counts.items() if count > self.members[name].count}
        if not growing:
            done("")
            return
        waiting = set(growing)

        def finished(name: str, why: str) -> None:
            if not waiting:
                return
            if why:
                waiting.clear()
                done(why)
                return
            self.members[name].count = growing[name]
            waiting.discard(name)
            if not waiting:
                done("")

        for name, count in growing.items():
            if waiting:
                member = self.members[name]
                member.asked += count - member.count
                member.fleet.start(count - member.count, partial(finished, name))

    def shrink(self, counts: Counts) -> None:
        for name, count in counts.items():
            member = self.members[name]
            if not count:
                member.fleet.stop()
            elif count < member.asked:
                member.fleet.shrink(member.asked - count)
            member.asked, member.count = min(member.asked, count), min(member.count, count)
            member.active = min(member.active, count)

    def stop(self) -> None:
        self.shrink(dict.fromkeys(self.members, 0))
