"""A job as a record, and AWS's description of it."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from localcloud.core.access.principal import Principal
from localcloud.core.disk_space import DiskWatch
from localcloud.runtime.jobs.job import Outcome
from localcloud.runtime.jobs.queue import Ticket
from localcloud.services.sagemaker.event_times import in_milliseconds

Members = dict[str, Any]
LONGEST_REASON = 1024
SEE_LOGS = "See job logs for more information"
TOO_LONG = "The maximum runtime was exceeded"
TIMEOUTS = ("MaxRuntimeExceeded", "MaxWaitTimeExceeded")  # secondary statuses of training
FINAL = ("Completed", "Failed", "Stopped")
STOP, INTERRUPT, ABANDON = "stop", "interrupt", "abandon"


@dataclass(eq=False)
class JobRecord:
    kind: ClassVar[str]  # Processing, Training, Transform
    event: ClassVar[str]  # the detail-type of its events

    request: Members
    arn: str
    created: datetime
    modified: datetime
    session: Principal  # of its role
    status: str = "InProgress"
    reason: str = ""
    started: datetime | None = None
    ended: datetime | None = None
    ticket: Ticket | None = None
    signal: str = ""  # STOP, INTERRUPT or ABANDON, for the thread that runs the job
    began: float = field(default_factory=time.monotonic)
    disk: DiskWatch = field(init=False)  # while it runs

    @property
    def name(self) -> str:
        name: str = self.request[f"{self.kind}JobName"]
        return name

    @property
    def over(self) -> bool:
        return self.status in FINAL

    def enter(self, phase: str, now: datetime) -> bool:  # noqa: ARG002 - for kinds with secondary statuses
        """A further phase of its work; True when AWS announces it as a state change."""
        return False

    def conclude(self, outcome: Outcome, now: datetime) -> None:
        self.status, self.ended = outcome.status, now
        self.reason = failure_reason(outcome)[:LONGEST_REASON] if outcome.status == "Failed" else ""

    def description(self) -> Members:
        """The response to Describe."""
        members = {name: value for name, value in self.request.items() if name != "Tags"}
        return {**members, **self._identity(), **_without_empty(self._times() | {"FailureReason": self.reason})}

    def summary(self) -> Members:
        times = self._times()
        names = ("CreationTime", f"{self.kind}EndTime", "LastModifiedTime")
        return {**self._identity(), **_without_empty({name: times[name] for name in names})}

    def event_detail(self, tags: Mapping[str, str]) -> Members:
        """Of its state-change event; times are in milliseconds."""
        detail: Members = in_milliseconds({**self.description(), "Tags": dict(tags)})
        return detail

    def _identity(self) -> Members:
        return {
            f"{self.kind}JobName": self.name,
            f"{self.kind}JobArn": self.arn,
            f"{self.kind}JobStatus": self.status,
        }

    def _times(self) -> Members:
        return {
            "CreationTime": self.created,
            f"{self.kind}StartTime": self.started,
            f"{self.kind}EndTime": self.ended,
            "LastModifiedTime": self.modified,
        }


def failure_reason(outcome: Outcome) -> str:
    """A problem outside of the script is reported as it is; one of the script is the algorithm's error."""
    if outcome.exit_code is None:
        return outcome.reason
    return f"AlgorithmError: {outcome.message or SEE_LOGS}, exit code: {outcome.exit_code}"


def timeout_reason(description: Mapping[str, Any]) -> str:
    """The limit that stopped a job, from its description; "" when it was stopped by a request."""
    last = (description.get("SecondaryStatusTransitions") or [{}])[-1]
    if last.get("Status") in TIMEOUTS:
        return str(last["StatusMessage"])
    message = str(description.get("ExitMessage", ""))
    return message if message.startswith(TOO_LONG) else ""


def whole_seconds(seconds: float) -> int:
    return max(1, math.ceil(seconds))


def _without_empty(members: Mapping[str, Any]) -> Members:
    return {name: value for name, value in members.items() if value not in (None, "")}
