"""How a deployment ended: a pure function of what was observed.

The endpoint's status alone means nothing: after an automatic rollback it is ``InService`` again, on the old config.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from release.judgement_alarms import failure_alarm, unjudged_alarm
from release.names import with_unit
from release.plan.preflight import DELETE, REPAIR, ROLLBACK_FAILED
from release.state.alarm_history import ALARM, AlarmEvent, active
from release.state.deployment import Deployment
from release.state.judgement_record import JudgementRecord

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
    judged: bool  # by the answers of the new fleet: compared with those of the old one, or watched by this command
    judgement: JudgementRecord | None  # None: nobody has judged the deployment


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
        return {"verdict": self.outcome, "reason": self.reason, "observed": _evidence(self.observation)}


def _evidence(observation: Observation | None) -> dict[str, Any] | None:
    if observation is None:
        return None
    judgement = observation.judgement.as_evidence() if observation.judgement else None
    return asdict(observation) | {"judgement": judgement}


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
    return _live(deployment, observation)


def _on_another_config(deployment: Deployment, observation: Observation) -> tuple[Outcome, str]:
    where = f"{observation.config} is live, not {deployment.config}"
    if observation.config != deployment.before:
        return "failed", f"somebody else changed the endpoint meanwhile: {where}"
    return "rolled back", f"{_cause(deployment.config, observation)}; {where}"


def _cause(config: str, observation: Observation) -> str:
    """Of a rollback: the first alarm, and what the judgement says when it has failed."""
    judgement = observation.judgement
    failed = judgement.sentence if judgement and judgement.outcome == "fail" else ""
    if not observation.alarm_events:
        reason = observation.failure or "no alarm fired, and SageMaker gives no reason"
        return failed or " ".join(reason.split())
    first = observation.alarm_events[0]
    if first.alarm == unjudged_alarm(config):
        return f"no run judged it any more, so that the alarm {first.alarm} fired"
    if failed and first.alarm == failure_alarm(config):
        return failed
    if failed == active(first.alarm):  # said by the command that took it back
        return describe(first)
    return f"{describe(first)}; {failed}" if failed else describe(first)


def _live(deployment: Deployment, observation: Observation) -> tuple[Outcome, str]:
    judgement = observation.judgement
    if not deployment.shifts:
        return "shipped", f"{deployment.package} is live; it is the first here, so nothing was shifted or compared"
    if not observation.judged:
        return "shipped", f"{deployment.package} is live"
    sentence = judgement.sentence if judgement else "no known request was sent to it"
    if judgement and judgement.outcome == "fail":
        return "failed", f"it is live, but {sentence}; {ROLLBACK}"
    if (judgement is None or judgement.outcome == "undecided") and not deployment.known_good:
        again = "the same command judges it again, on more requests"
        return "inconclusive", f"it is live and no alarm fired, but {sentence}; {again}, {ROLLBACK}"
    return "shipped", f"{deployment.package} is live: {sentence}"


def describe(event: AlarmEvent) -> str:
    """The values where the alarm has them, else CloudWatch's reason; the record has both."""
    values = ", ".join(with_unit(event.alarm, value) for value in event.values[-5:])
    limit = f" against {with_unit(event.alarm, event.threshold)}" if event.threshold is not None else ""
    return f"alarm {event.alarm} fired: {f'{values}{limit}' if values else ' '.join(event.reason.split())}"
