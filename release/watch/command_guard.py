"""The guard of a release where SageMaker has none (serverless): smoke, known requests and alarms, by this command.

A failure is stored first and then taken back, so that a run that was killed anywhere is continued by the next one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from release.context import Context
from release.judgement.judgement import Decision
from release.smoke import smoke
from release.state import alarm_history, judgement_record
from release.state.deployment import Deployment
from release.state.endpoint import EndpointStatus
from release.state.judgement_record import JudgementRecord
from release.watch import promises
from release.watch.clock import AwsClock
from release.watch.take_back import read, settled, take_back
from release.watch.traffic import THROTTLED, Reply, Traffic
from release.watch.watch import Snapshot, View, read_both_fleets
from settings.errors import Problem

LEAST = 20  # answers before a share of failed ones says something


@dataclass
class Answers:
    """The replies to known requests. A throttled one was never answered."""

    answered: int = 0
    failed: int = 0
    wrong: str = ""  # the first wrong answer

    @property
    def count(self) -> int:
        return self.answered + self.failed


@dataclass
class CommandGuard:
    """Of a deployment whose config is live. ``seconds``: how long it is watched, by AWS's clock."""

    context: Context
    deployment: Deployment
    package: Mapping[str, Any]
    seconds: int
    view: View
    check: Callable[[], None]
    answers: Answers = field(default_factory=Answers, init=False)
    _smoked: bool = field(default=False, init=False)

    def judge(self) -> EndpointStatus:
        """Returns the endpoint at the end, on its new config or back on the one before."""
        earlier = judgement_record.read(self.context, self.deployment)
        failure = earlier.sentence if earlier and earlier.outcome == "fail" else self._smoke() or self._watch()
        endpoint = settled(self.context, self.check)  # its autoscaling may be changing it
        if not failure or endpoint.config != self.deployment.config:
            return endpoint
        self._store(endpoint, Decision("fail", failure))
        self.context.say(f"taken back: {failure}")
        return take_back(self.context, self.deployment, self.check)

    def _smoke(self) -> str:
        """The first problem, or ""."""
        try:
            lines, good = self.context.retry(lambda: smoke(self.context, self.deployment.package, bad=False))
        except Problem as problem:
            self.context.say(f"no smoke test: {problem}")
            return ""
        self._smoked = True
        self.context.say("\n".join(lines))
        return "" if good else next(line for line in lines if line.startswith("BAD")).removeprefix("BAD").strip()

    def _watch(self) -> str:
        """Sends one known request at a time: it takes no more than one of the concurrent ones from customers."""
        promised, clock = promises.read(self.context, self.package), AwsClock()
        runtime, rate = self.context.client("sagemaker-runtime"), self.context.settings.rollout.bake_requests_per_second
        began = None
        with Traffic(runtime, self.context.endpoint_name, promised.requests, rate, threads=1) as traffic:
            while True:
                self.check()
                endpoint = self._read()
                began = began or endpoint.at
                clock.observe(endpoint.at)
                traffic.drive(True, clock.speed)
                self._count(traffic.take(), promised)
                left = max(0.0, self.seconds - (endpoint.at - began).total_seconds())
                decision = self._look(endpoint, left, str(traffic.counts) if traffic.counts.sent else "")
                if decision.outcome == "fail":
                    return decision.sentence
                if not left or endpoint.config != self.deployment.config:
                    return ""
                self.context.sleep(self.context.timing.first_poll)

    def _count(self, replies: list[Reply], promised: promises.Promises) -> None:
        for reply in replies:
            if reply.status == THROTTLED:
                continue
            self.answers.wrong = self.answers.wrong or promised.difference(reply) or ""
            self.answers.answered += reply.status < 400
            self.answers.failed += reply.status >= 400

    def _look(self, endpoint: EndpointStatus, left: float, sent: str) -> Decision:
        context, deployment = self.context, self.deployment
        states = context.retry(lambda: alarm_history.states(context.client("cloudwatch"), deployment.alarms))
        decision = self._decide(states)
        self._store(endpoint, decision, sent, left, states)
        green, blue = context.retry(lambda: read_both_fleets(context, deployment, endpoint.at))
        self.view.show(Snapshot(endpoint, states, green, blue, sent, left, decision))
        return decision

    def _decide(self, states: Mapping[str, str]) -> Decision:
        limit = self.context.settings.judgement.severe_error_points / 100
        failing = [name for name, state in states.items() if state == alarm_history.ALARM]
        answers = self.answers
        if abort := judgement_record.read_abort(self.context, self.deployment):
            return Decision("fail", str(abort))
        if failing:
            return Decision("fail", alarm_history.active(failing[0]))
        if answers.wrong:
            return Decision("fail", f"it gives wrong answers: {answers.wrong}")
        if answers.count >= LEAST and answers.failed > limit * answers.count:
            return Decision("fail", f"{answers.failed} of {answers.count} known requests failed")
        if not self._smoked:
            return Decision("undecided", "it has no recorded requests for a smoke test")
        return Decision("passed so far", f"the smoke test and {answers.answered} known requests are right")

    def _store(
        self,
        endpoint: EndpointStatus,
        decision: Decision,
        sent: str = "",
        left: float | None = None,
        alarms: Mapping[str, str] | None = None,
    ) -> None:
        run = self.context.retry(lambda: self.context.client("sts").get_caller_identity())["Arn"]
        fleets = {"new": {"answers": self.answers.answered}}
        record = JudgementRecord(
            decision.outcome,
            decision.sentence,
            endpoint.at.isoformat(),
            run,
            sent,
            endpoint.stage,
            None,
            left,
            fleets,
            dict(alarms or {}),
        )
        judgement_record.write(self.context, self.deployment, record)

    def _read(self) -> EndpointStatus:
        return read(self.context)
