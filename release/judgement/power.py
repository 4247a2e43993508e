"""What a bake can see, said before it begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from release.judgement.detection import Exposure, Fault, caught
from release.judgement.limits import Limits

ENOUGH = 0.95
SMALLER = (
    Fault("+2 points of errors", error_points=0.02),
    Fault("1.5× latency", latency_factor=1.5),
    Fault("+1 point of errors", error_points=0.01),
)


def severe(limits: Limits) -> tuple[Fault, Fault]:
    """What has to show before a release passes."""
    factor, points = limits.severe_factor, limits.severe_points
    errors = f"+{100 * points:g} point{'' if points == 0.01 else 's'} of errors"
    return Fault(f"{factor:g}× latency", latency_factor=factor), Fault(errors, error_points=points)


@dataclass(frozen=True)
class Power:
    answers: int  # of the new fleet
    shares: dict[str, float]  # a fault's name -> the share caught
    severe: tuple[Fault, ...]

    def __str__(self) -> str:
        groups: dict[int, list[str]] = {}
        for name, share in self.shares.items():
            groups.setdefault(round(100 * share), []).append(name)
        return ", ".join(f"{' and '.join(names)} with {percent} %" for percent, names in sorted(groups.items())[::-1])

    @property
    def warning(self) -> str:
        """What is too little, and what to change; "" when it is enough."""
        unseen = [f"{fault.name} with {self.shares[fault.name]:.0%}" for fault in self.severe if self._misses(fault)]
        if not unseen:
            return ""
        return (
            f"this bake sees too little: the new fleet gives {self.answers:,} answers in time, which show "
            f"{' and '.join(unseen).replace('%', ' %')}; raise rollout.wait_seconds, rollout.bake_requests_per_second "
            "or the share of the canary"
        )

    def _misses(self, fault: Fault) -> bool:
        return self.shares[fault.name] < ENOUGH


def power(exposures: Sequence[Exposure], limits: Limits) -> Power:
    """By the exposure that catches most: beside the old fleet, or compared with what is on record of it."""
    faults = (*severe(limits), *SMALLER)
    shares = {fault.name: max(caught(fault, one, limits) for one in exposures) for fault in faults}
    return Power(sum(one.new for one in exposures), shares, severe(limits))
