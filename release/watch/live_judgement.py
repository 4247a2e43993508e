"""The judgement of a deployment under way: sends known requests, counts their replies, stores and publishes the result.

A look stores before it publishes: a run that is killed at any call is continued by another one with what is stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Self

from release.context import Context
from release.execute.publication import publish
from release.judgement.judgement import Decision
from release.judgement.limits import RECORD
from release.judgement_alarms import PERIOD
from release.state import judgement_record
from release.state.deployment import Deployment
from release.state.endpoint import EndpointStatus
from release.state.judgement_record import JudgementRecord
from release.watch.assessment import FLEETS, Assessment
from release.watch.clock import AwsClock
from release.watch.traffic import Counts, Traffic


@dataclass
class LiveJudgement:
    context: Context
    deployment: Deployment
    traffic: Traffic
    assessment: Assessment | None  # None: there are no two fleets to compare
    run: str = ""  # the ARN of who follows the deployment
    clock: AwsClock = field(default_factory=AwsClock)
    _published: tuple[datetime, bool] | None = field(default=None, init=False)

    def __enter__(self) -> Self:
        self.traffic.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.traffic.__exit__(kind, error, trace)

    @property
    def counts(self) -> Counts:
        return self.traffic.counts

    @property
    def sent(self) -> str:
        return str(self.counts) if self.counts.sent else ""

    @property
    def knows_old(self) -> bool:
        """Is enough on record of the old fleet, or can nothing be?"""
        return not self.traffic.possible or self.decidable or self.counts.sent > 2 * RECORD

    @property
    def decidable(self) -> bool:
        """Can more requests decide it when the new fleet alone answers? Not without a record of the old one."""
        return self.traffic.possible and self.assessment is not None and self.assessment.has_record

    def look(
        self, endpoint: EndpointStatus, drive: bool, alarms: Mapping[str, str] | None = None, left: float | None = None
    ) -> Decision | None:
        """Returns what is decided so far. ``drive``: go on sending known requests."""
        if self.assessment is None:
            return None
        self.clock.observe(endpoint.at)
        self.traffic.drive(drive, self.clock.speed)
        self.assessment.add(self.traffic.take())
        decision = self._decide(self.assessment)
        record = self._record(self.assessment, decision, endpoint, alarms or {}, left)
        judgement_record.write(self.context, self.deployment, record)
        self._publish(endpoint, decision.outcome == "fail")
        return decision

    def finish(self, endpoint: EndpointStatus) -> None:
        """Counts the replies that come after the last look."""
        self.traffic.__exit__(None, None, None)
        self.look(endpoint, drive=False)

    def _decide(self, assessment: Assessment) -> Decision:
        if abort := judgement_record.read_abort(self.context, self.deployment):
            return Decision("fail", str(abort))
        return assessment.decide()

    def _record(
        self,
        assessment: Assessment,
        decision: Decision,
        endpoint: EndpointStatus,
        alarms: Mapping[str, str],
        left: float | None,
    ) -> JudgementRecord:
        fleets: dict[str, Any] = {fleet: assessment.summary(fleet) for fleet in FLEETS}
        return JudgementRecord(
            decision.outcome,
            decision.sentence,
            endpoint.at.isoformat(),
            self.run,
            str(self.counts),
            endpoint.stage,
            endpoint.share,
            left,
            fleets,
            dict(alarms),
            assessment.state(),
        )

    def _publish(self, endpoint: EndpointStatus, failed: bool) -> None:
        """Every ten seconds by AWS's clock, and a failure at once; until the endpoint has left Updating."""
        if endpoint.status != "Updating" and endpoint.config != self.deployment.before:
            return
        due = self._published and endpoint.at - self._published[0] < timedelta(seconds=PERIOD)
        if due and self._published and self._published[1] == failed:
            return
        publish(self.context, self.deployment, failed)
        self._published = (endpoint.at, failed)
