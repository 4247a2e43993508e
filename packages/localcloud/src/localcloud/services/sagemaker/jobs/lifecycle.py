"""What the three kinds of job share: names, the queue, states, stopping, lists, events.

Every change of a record happens under ``cloud.lock``; a job works on a thread of its own, which holds no lock.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from localcloud.core.counters import DEFECTS
from localcloud.core.paging import paged
from localcloud.core.refusal import Refusal
from localcloud.core.service import Part
from localcloud.runtime.jobs.job import Outcome
from localcloud.runtime.jobs.queue import Queue
from localcloud.services.sagemaker.jobs.records import ABANDON, STOP, JobRecord
from localcloud.services.sagemaker.listing import within
from localcloud.services.sagemaker.refusals import invalid
from localcloud.services.sagemaker.tags import Tags

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

log = logging.getLogger(__name__)
Request = dict[str, Any]
JobListener = Callable[[str, str, dict[str, Any]], None]  # TrainingJob, its name, its description
INTERNAL = "InternalServerError: We encountered an internal error. Please try again."  # AWS's words; retried by it
UNSUPPORTED_FILTERS = ("WarmPoolStatusEquals", "TrainingPlanArnEquals")  # no job matches them


class JobLifecycle(Part):
    def __init__(self, cloud: Cloud, tags: Tags) -> None:
        self.cloud, self._tags = cloud, tags
        self.queue = Queue()
        self._records: dict[tuple[str, str], JobRecord] = {}  # by kind and name, in the order of their creation
        self._listeners: list[JobListener] = []

    def reset(self) -> None:
        self._abandon()
        self._records.clear()

    def close(self) -> None:
        with self.cloud.lock:
            self._abandon()
        self.queue.close()

    def on_end(self, listener: JobListener) -> None:
        """``listener`` is called under the lock when a job is Completed, Failed or Stopped."""
        self._listeners.append(listener)

    def new_arn(self, kind: str, name: str) -> str:
        """The ARN of a new job; a Refusal when there is one of that name."""
        arn = self.cloud.arn("sagemaker", f"{kind.lower()}-job/{name}")
        if (kind, name) in self._records:
            names, job = ("Training job names", "a training job") if kind == "Training" else ("Job names", "a job")
            message = f"{names} must be unique within an AWS account and region, and {job} with this name already"
            raise Refusal("ResourceInUse", f"{message} exists ({arn})")
        return arn

    def start(self, record: JobRecord, instances: int, work: Callable[[], Outcome]) -> Request:
        """Queues the job; ``work`` takes as long as it needs. Returns the response to its creation."""
        self._records[record.kind, record.name] = record
        self._tags.put(record.arn, record.request.get("Tags"))
        record.ticket, begins = self.queue.put(record.name, instances, lambda: self._run(record, work))
        record.enter("Starting" if begins else "Pending", record.created)
        self._emit(record)
        return {f"{record.kind}JobArn": record.arn}

    def get(self, kind: str, name: str) -> JobRecord | None:
        return self._records.get((kind, name))

    def find(self, kind: str, name: str) -> JobRecord:
        record = self.get(kind, name)
        if record is None:
            raise invalid(f"Could not find requested job with name: {name}")
        return record

    def stop(self, record: JobRecord) -> None:
        if record.status != "InProgress":
            kind = record.kind.lower()
            raise invalid(f"The request was rejected because the {kind} job is in status {record.status}.")
        record.signal, record.status = STOP, "Stopping"
        self.enter_phase(record, "Stopping", always=True)
        if record.ticket and self.queue.cancel(record.ticket):
            self._end(record, Outcome("Stopped", None))

    def delete(self, record: JobRecord) -> None:
        if not record.over:
            job = f"{record.kind.lower()} job {record.name}"
            message = f"The {job} is in status {record.status}: stop it or wait for its end first."
            raise Refusal("ResourceInUse", message)
        del self._records[record.kind, record.name]
        self._tags.delete(record.arn)

    def list(self, kind: str, request: Request, default_order: str = "Ascending") -> Request:
        records = [each for each in self._records.values() if each.kind == kind and _matches(each, request)]
        sort = {"Name": lambda record: record.name, "Status": lambda record: record.status}
        if request.get("SortBy") in sort:
            records.sort(key=sort[request["SortBy"]])
        if request.get("SortOrder", default_order) == "Descending":
            records.reverse()
        return paged([record.summary() for record in records], request, f"{kind}JobSummaries")

    def enter_phase(self, record: JobRecord, phase: str, *, always: bool = False) -> None:
        """Emits an event when AWS announces that phase, or ``always``."""
        with self.cloud.lock:
            if record.signal != ABANDON and (record.enter(phase, self.cloud.clock.now()) or always):
                self._emit(record)

    def _abandon(self) -> None:
        for record in self._records.values():
            record.signal = ABANDON
            if record.ticket:
                self.queue.cancel(record.ticket)

    def _run(self, record: JobRecord, work: Callable[[], Outcome]) -> None:
        with self.cloud.lock:
            if record.signal == ABANDON:
                return
            record.started = self.cloud.clock.now()
            if record.signal != STOP:
                self.enter_phase(record, "Starting")
        try:
            outcome = Outcome("Stopped", None) if record.signal == STOP else work()
        except Exception:
            log.exception("job %s failed inside localcloud", record.name)
            self.cloud.counters.count(DEFECTS)
            outcome = Outcome("Failed", None, INTERNAL)
        with self.cloud.lock:
            if record.signal != ABANDON:
                self._end(record, outcome)

    def _end(self, record: JobRecord, outcome: Outcome) -> None:
        record.conclude(outcome, self.cloud.clock.now())
        self._emit(record)
        for listener in self._listeners:
            listener(f"{record.kind}Job", record.name, record.description())

    def _emit(self, record: JobRecord) -> None:
        record.modified = self.cloud.clock.now()
        detail = record.event_detail(self._tags.of(record.arn))
        self.cloud.emit("aws.sagemaker", record.event, detail, [record.arn])


def _matches(record: JobRecord, request: Request) -> bool:
    return (
        request.get("NameContains", "") in record.name
        and request.get("StatusEquals", record.status) == record.status
        and not any(name in request for name in UNSUPPORTED_FILTERS)
        and within(record.created, request, "CreationTime")
        and within(record.modified, request, "LastModifiedTime")
    )
