"""What the service remembers of a job, and how AWS tells it."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from localcloud.runtime.jobs.job import Outcome
from localcloud.runtime.jobs.queue import Ticket
from localcloud.services.sagemaker.event_times import in_milliseconds

Request = dict[str, Any]
LONGEST_REASON = 1024
SEE_LOGS = "See job logs for more information"
TOO_LONG = "The maximum runtime was exceeded"
TIMES_UP = ("MaxRuntimeExceeded", "MaxWaitTimeExceeded")  # secondary statuses of training
OVER = ("Completed", "Failed", "Stopped")
STOP, INTERRUPT, ABANDON = "stop", "interrupt", "abandon"


@dataclass(eq=False)
class JobRecord:
    """``conclude`` takes how the work ended; ``description`` is the answer to Describe."""

    kind: ClassVar[str]  # Processing, Training, Transform
    event: ClassVar[str]  # the detail-type of its events
    untold: ClassVar[tuple[str, ...]] = ("Tags",)  # of the request

    request: Request
    arn: str
    created: datetime
    modified: datetime
    status: str = "InProgress"
    reason: str = ""
    started: datetime | None = None
    ended: datetime | None = None
    ticket: Ticket | None = None
    wanted: str = ""  # STOP, INTERRUPT or ABANDON, by somebody else than the job
    born: float = field(default_factory=time.monotonic)

    @property
    def name(self) -> str:
        name: str = self.request[f"{self.kind}JobName"]
        return name

    @property
    def over(self) -> bool:
        return self.status in OVER

    def enter(self, phase: str, now: datetime) -> bool:  # noqa: ARG002 - for those that have stages
        """A further stage of its work; True when that is a state change that AWS announces."""
        return False

    def conclude(self, outcome: Outcome, now: datetime) -> None:
        self.status, self.ended = outcome.status, now
        self.reason = reason(outcome)[:LONGEST_REASON] if outcome.status == "Failed" else ""

    def description(self) -> Request:
        told = {name: value for name, value in self.request.items() if name not in self.untold}
        return {**told, **self._identity(), **_given(self._times()), **_given({"FailureReason": self.reason})}

    def summary(self) -> Request:
        times = self._times()
        told = {name: times[name] for name in ("CreationTime", f"{self.kind}EndTime", "LastModifiedTime")}
        return {**self._identity(), **_given(told)}

    def detail(self, tags: Mapping[str, str]) -> Request:
        """Of its state-change event; the times are milliseconds there."""
        detail: Request = in_milliseconds({**self.description(), "Tags": dict(tags)})
        return detail

    def _identity(self) -> Request:
        return {
            f"{self.kind}JobName": self.name,
            f"{self.kind}JobArn": self.arn,
            f"{self.kind}JobStatus": self.status,
        }

    def _times(self) -> dict[str, datetime | None]:
        return {
            "CreationTime": self.created,
            f"{self.kind}StartTime": self.started,
            f"{self.kind}EndTime": self.ended,
            "LastModifiedTime": self.modified,
        }


def reason(outcome: Outcome) -> str:
    """What no script said is told as it is; what a script said is the algorithm's error."""
    if outcome.exit_code is None:
        return outcome.reason
    return f"AlgorithmError: {outcome.message or SEE_LOGS}, exit code: {outcome.exit_code}"


def out_of_time(answer: Mapping[str, Any]) -> str:
    """Why a job was stopped by itself, from what Describe tells; "" when somebody stopped it."""
    last = (answer.get("SecondaryStatusTransitions") or [{}])[-1]
    if last.get("Status") in TIMES_UP:
        return str(last["StatusMessage"])
    message = str(answer.get("ExitMessage", ""))
    return message if message.startswith(TOO_LONG) else ""


def whole_seconds(seconds: float) -> int:
    return max(1, math.ceil(seconds))


def _given(told: Mapping[str, Any]) -> Request:
    return {name: value for name, value in told.items() if value not in (None, "")}
