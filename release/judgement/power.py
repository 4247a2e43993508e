"""What a bake can see, said before it begins."""

from __future__ import annotations

from dataclasses import dataclass

from release.judgement.detection import Exposure, Fault, caught
from release.judgement.limits import Limits

ENOUGH = 0.95
SEVERE = (Fault("3× latency", latency_factor=3), Fault("+5 points of errors", error_points=0.05))
FAULTS = (
    *SEVERE,
    Fault("+2 points of errors", error_points=0.02),
    Fault("1.5× latency", latency_factor=1.5),
    Fault("+1 point of errors", error_points=0.01),
)


@dataclass(frozen=True)
class Power:
    exposure: Exposure
    shares: dict[str, float]  # a fault's name -> the share caught

    def __str__(self) -> str:
        groups: dict[int, list[str]] = {}
        for name, share in self.shares.items():
            groups.setdefault(round(100 * share), []).append(name)
        return ", ".join(f"{' and '.join(names)} with {percent} %" for percent, names in sorted(groups.items())[::-1])

    @property
    def warning(self) -> str:
        """What is too little, and what to change; "" when it is enough."""
        unseen = [f"{fault.name} with {self.shares[fault.name]:.0%}" for fault in SEVERE if self._misses(fault)]
        if not unseen:
            return ""
        return (
            f"this bake sees too little: the new fleet gives {self.exposure.new:,} answers, which show "
            f"{' and '.join(unseen).replace('%', ' %')}; raise rollout.wait_seconds, rollout.bake_requests_per_second "
            "or the share of the canary"
        )

    def _misses(self, fault: Fault) -> bool:
        return self.shares[fault.name] < ENOUGH


def power(
    requests_per_second: float,
    bake_seconds: float,
    share: float,
    error_rate: float = Exposure.error_rate,
    spread: float = Exposure.spread,
    limits: Limits | None = None,
) -> Power:
    """Of a bake in which the new fleet has ``share`` of the requests and the old one the rest."""
    requests = int(requests_per_second * bake_seconds)
    new = round(requests * share)
    exposure = Exposure(new, requests - new, True, error_rate, spread)
    return Power(exposure, {fault.name: caught(fault, exposure, limits or Limits()) for fault in FAULTS})
