"""How a deployment ended: a pure function of what was observed.

The endpoint's status alone means nothing: after an automatic rollback it is ``InService`` again, on the old config.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from release.plan.preflight import DELETE, REPAIR, ROLLBACK_FAILED
from release.state.alarm_history import ALARM, AlarmEvent
from release.state.deployment import Deployment
from release.verdict.comparison import Comparison

Outcome = Literal["shipped", "unchanged", "rolled back", "inconclusive", "failed"]
EXIT_CODES: dict[str, int] = {"shipped": 0, "unchanged": 0, "rolled back": 3, "inconclusive": 4, "failed": 5}
ROLLBACK = "--rollback brings the last good one back"


@dataclass(frozen=True)
class Observation:
    status: str  # EndpointStatus; "" when there is no endpoint
    config: str  # EndpointConfigName
    failure: str  # FailureReason
    alarm_events: tuple[AlarmEvent, ...]  # of the deployment's alarms, since it began
    states: dict[str, str]  # of the same alarms, now
    comparison: Comparison | None  # None: there was nothing to compare with


@dataclass(frozen=True)
class Verdict:
    outcome: Outcome
    reason: str
    observation: Observation | None = None

    @property
    def exit_code(self) -> int:
        return EXIT_CODES[self.outcome]

    def __str__(self) -> str:
        return f"{self.outcome}: {self.reason}"

    def record(self) -> dict[str, Any]:
        observation = asdict(self.observation) if self.observation else None
        return {"verdict": self.outcome, "reason": self.reason, "observed": observation}


def judge(deployment: Deployment, observation: Observation) -> Verdict:
    outcome, reason = _judge(deployment, observation)
    return Verdict(outcome, reason, observation)


def _judge(deployment: Deployment, observation: Observation) -> tuple[Outcome, str]:
    status = observation.status
    if not status:
        return "failed", "the endpoint is gone: somebody deleted it meanwhile; accepted, the package creates it again"
    if status != "InService":
        cause = observation.failure or "SageMaker gives no reason"
        return "failed", f"the endpoint is {status} ({cause}); {REPAIR if status == ROLLBACK_FAILED else DELETE}"
    if observation.config != deployment.config:
        return _on_another_config(deployment, observation)
    current = [event for event in observation.alarm_events if observation.states.get(event.alarm) == ALARM]
    if current:
        return "failed", f"it is live, but {describe(current[-1])}; {ROLLBACK}"
    return _live(deployment, observation.comparison)


def _on_another_config(deployment: Deployment, observation: Observation) -> tuple[Outcome, str]:
    where = f"{observation.config} is live, not {deployment.config}"
    if observation.config != deployment.before:
        return "failed", f"somebody else changed the endpoint meanwhile: {where}"
    if observation.alarm_events:
        return "rolled back", f"{describe(observation.alarm_events[0])}; {where}"
    cause = observation.failure or "no alarm fired, and SageMaker gives no reason"
    return "rolled back", f"{' '.join(cause.split())}; {where}"


def _live(deployment: Deployment, comparison: Comparison | None) -> tuple[Outcome, str]:
    if not deployment.shifts:
        return "shipped", f"{deployment.package} is live; it is the first here, so nothing was shifted or compared"
    if comparison is None:
        return "shipped", f"{deployment.package} is live"
    if comparison.outcome == "fail":
        return "failed", f"it is live, but worse than the old one: {comparison.sentence}; {ROLLBACK}"
    if comparison.outcome == "inconclusive" and not deployment.known_good:
        again = "the same command judges it again once it has had more"
        return "inconclusive", f"it is live and no alarm fired, but {comparison.sentence}; {again}, {ROLLBACK}"
    return "shipped", f"{deployment.package} is live: {comparison.sentence}"


def describe(event: AlarmEvent) -> str:
    """The values where the alarm has them, else CloudWatch's reason; the record has both."""
    values = ", ".join(f"{value:g}" for value in event.values[-5:])
    limit = f" against {event.threshold:g}" if event.threshold is not None else ""
    return f"alarm {event.alarm} fired: {f'{values}{limit}' if values else ' '.join(event.reason.split())}"
