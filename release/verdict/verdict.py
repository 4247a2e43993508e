"""How a deployment ended: a pure function of what was observed.

The endpoint's status alone means nothing: after an automatic rollback it is ``InService`` again, on the old config.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from release.plan.preflight import DELETE, MEND, TORN
from release.state.deployment import Deployment
from release.verdict.alarm_history import ALARM, Ring
from release.verdict.comparison import Comparison

Outcome = Literal["shipped", "unchanged", "rolled back", "inconclusive", "failed"]
EXIT_CODES: dict[str, int] = {"shipped": 0, "unchanged": 0, "rolled back": 3, "inconclusive": 4, "failed": 5}
BACK = "--rollback brings the last good one back"


@dataclass(frozen=True)
class Observed:
    status: str  # EndpointStatus; "" when there is no endpoint
    config: str  # EndpointConfigName
    failure: str  # FailureReason
    rings: tuple[Ring, ...]  # of the deployment's alarms, since it began
    states: dict[str, str]  # of the same alarms, now
    comparison: Comparison | None  # None: there was nothing to compare with


@dataclass(frozen=True)
class Verdict:
    outcome: Outcome
    reason: str
    observed: Observed | None = None

    @property
    def exit_code(self) -> int:
        return EXIT_CODES[self.outcome]

    def __str__(self) -> str:
        return f"{self.outcome}: {self.reason}"

    def record(self) -> dict[str, Any]:
        seen = asdict(self.observed) if self.observed else None
        return {"verdict": self.outcome, "reason": self.reason, "observed": seen}


def judge(deployment: Deployment, observed: Observed) -> Verdict:
    outcome, reason = _judge(deployment, observed)
    return Verdict(outcome, reason, observed)


def _judge(deployment: Deployment, observed: Observed) -> tuple[Outcome, str]:
    if not observed.status:
        return "failed", "the endpoint is gone: somebody deleted it during the deployment; deploy again to create it"
    if observed.status != "InService":
        said = observed.failure or "SageMaker gives no reason"
        return "failed", f"the endpoint is {observed.status} ({said}); {MEND if observed.status == TORN else DELETE}"
    if observed.config != deployment.config:
        return _elsewhere(deployment, observed)
    ringing = [ring for ring in observed.rings if observed.states.get(ring.alarm) == ALARM]
    if ringing:
        return "failed", f"it is live, but {told(ringing[-1])}; {BACK}"
    return _live(deployment, observed.comparison)


def _elsewhere(deployment: Deployment, observed: Observed) -> tuple[Outcome, str]:
    """InService, but not on what was deployed."""
    where = f"{observed.config} is live, not {deployment.config}"
    if observed.config != deployment.before:
        return "failed", f"somebody else changed the endpoint meanwhile: {where}"
    if observed.rings:
        return "rolled back", f"{told(observed.rings[0])}; {where}"
    said = observed.failure or "no alarm rang, and SageMaker gives no reason"
    return "rolled back", f"{' '.join(said.split())}; {where}"


def _live(deployment: Deployment, comparison: Comparison | None) -> tuple[Outcome, str]:
    if not deployment.shifts:
        return "shipped", f"{deployment.package} is live; it is the first here, so nothing was shifted or compared"
    if comparison is None:
        return "shipped", f"{deployment.package} is live"
    if comparison.outcome == "fail":
        return "failed", f"it is live, but worse than the old one: {comparison.sentence}; {BACK}"
    if comparison.outcome == "inconclusive" and not deployment.known_good:
        again = "the same command judges it again once it has had more"
        return "inconclusive", f"it is live and no alarm rang, but {comparison.sentence}; {again}, {BACK}"
    return "shipped", f"{deployment.package} is live: {comparison.sentence}"


def told(ring: Ring) -> str:
    """The values where the alarm has them, else CloudWatch's words; the record has both."""
    values = ", ".join(f"{value:g}" for value in ring.values[-5:])
    limit = f" against {ring.threshold:g}" if ring.threshold is not None else ""
    return f"alarm {ring.alarm} rang: {f'{values}{limit}' if values else ' '.join(ring.reason.split())}"
