"""What the three kinds of job share: names, the queue, running, stopping, lists, events.

Every change of a record happens under ``cloud.lock``; the work of a job has a thread of its own and holds no lock.
"""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from localcloud.core.counters import DEFECTS
from localcloud.core.paging import paged
from localcloud.core.refusal import Refusal
from localcloud.runtime.etag_cache import EtagCache
from localcloud.runtime.jobs import runtimes
from localcloud.runtime.jobs.job import Job, Outcome
from localcloud.runtime.jobs.progress import Watch
from localcloud.runtime.jobs.queue import Queue
from localcloud.runtime.jobs.runner import GRACE_SECONDS
from localcloud.runtime.s3_store import S3Store
from localcloud.services.sagemaker.jobs.records import ABANDON, INTERRUPT, STOP, JobRecord
from localcloud.services.sagemaker.part import Part

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

log = logging.getLogger(__name__)
Request = dict[str, Any]
INTERNAL = "InternalServerError: We encountered an internal error. Please try again."  # AWS's words; retried by it

OF_WHAT_IS_NOT_HERE = ("WarmPoolStatusEquals", "TrainingPlanArnEquals")  # filters that no job passes


class JobPart(Part):
    grace_seconds = GRACE_SECONDS  # a test's are shorter

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self.queue, self._object_cache = Queue(), EtagCache()
        self.job_records: dict[tuple[str, str], JobRecord] = {}  # by kind and name, in the order of their creation

    def reset(self) -> None:
        self._abandon()
        self.job_records.clear()
        super().reset()

    def close(self) -> None:
        with self.cloud.lock:
            self._abandon()
        self.queue.close()
        super().close()

    def _abandon(self) -> None:
        for record in self.job_records.values():
            record.wanted = ABANDON
            if record.ticket:
                self.queue.cancel(record.ticket)

    def start_job(self, record: JobRecord, instances: int, work: Callable[[], Outcome]) -> Request:
        """``work`` runs when its turn comes; it may take as long as it takes."""
        self.job_records[record.kind, record.name] = record
        self.tag(record.arn, record.request.get("Tags"))
        record.ticket, begins = self.queue.put(record.name, instances, lambda: self._work(record, work))
        record.enter("Starting" if begins else "Pending", record.created)
        self.announce_job(record)
        return {f"{record.kind}JobArn": record.arn}

    def check_new_job(self, kind: str, name: str) -> str:
        """The ARN of a job that is to be made."""
        arn = self.cloud.arn("sagemaker", f"{kind.lower()}-job/{name}")
        if (kind, name) in self.job_records:
            subject = ("Training job names", "a training job") if kind == "Training" else ("Job names", "a job")
            sentence = f"{subject[0]} must be unique within an AWS account and region, and {subject[1]}"
            raise Refusal("ResourceInUse", f"{sentence} with this name already exists ({arn})")
        return arn

    def find_job(self, kind: str, name: str) -> JobRecord:
        if (kind, name) not in self.job_records:
            raise Refusal("ValidationException", f"Could not find requested job with name: {name}")
        return self.job_records[kind, name]

    def stop_job(self, kind: str, name: str) -> None:
        record = self.find_job(kind, name)
        if record.status != "InProgress":
            sentence = f"The request was rejected because the {kind.lower()} job is in status {record.status}."
            raise Refusal("ValidationException", sentence)
        record.wanted, record.status = STOP, "Stopping"
        self.enter_phase(record, "Stopping", always=True)
        if record.ticket and self.queue.cancel(record.ticket):
            self._end(record, Outcome("Stopped", None))

    def delete_job(self, kind: str, name: str) -> None:
        record = self.find_job(kind, name)
        if not record.over:
            sentence = f"The {kind.lower()} job {name} is in status {record.status}: stop it or wait for its end first."
            raise Refusal("ResourceInUse", sentence)
        del self.job_records[kind, name]
        self.forget_tags(record.arn)

    def list_jobs(self, kind: str, request: Request, default_order: str = "Ascending") -> Request:
        found = [record for record in self.job_records.values() if record.kind == kind and _matches(record, request)]
        sort = {"Name": lambda record: record.name, "Status": lambda record: record.status}
        if request.get("SortBy") in sort:
            found.sort(key=sort[request["SortBy"]])
        if request.get("SortOrder", default_order) == "Descending":
            found.reverse()
        return paged([record.summary() for record in found], request, f"{kind}JobSummaries")

    def enter_phase(self, record: JobRecord, phase: str, *, always: bool = False) -> None:
        with self.cloud.lock:
            if record.wanted != ABANDON and (record.enter(phase, self.cloud.clock.now()) or always):
                self.announce_job(record)

    def announce_job(self, record: JobRecord) -> None:
        record.modified = self.cloud.clock.now()
        detail = record.detail(self._tags.get(record.arn, {}))
        self.cloud.emit("aws.sagemaker", record.event, detail, [record.arn])

    @contextmanager
    def job_folders(self, record: JobRecord, instances: int) -> Iterator[list[Path]]:
        """An empty folder for each instance; what it printed stays there."""
        folder = self.cloud.folder / "jobs" / record.kind.lower() / record.name
        shutil.rmtree(folder, ignore_errors=True)
        folders = [folder / f"algo-{number}" for number in range(1, instances + 1)]
        for each in folders:
            each.mkdir(parents=True)
        try:
            yield folders
        finally:
            for each in folders:
                shutil.rmtree(each / "opt", ignore_errors=True)

    def job_store(self) -> S3Store:
        return S3Store(self.cloud.client("s3"), self._object_cache)

    def job_runtime(self) -> runtimes.Prepare:
        return runtimes.chosen(
            os.environ, self.cloud.environment(), self.cloud.processes.environment, self.cloud.images
        )

    def job_watch(self, record: JobRecord, line: Callable[[str], None] = lambda _: None) -> Watch:
        """What it prints goes to its log while it runs, and to ``line``."""
        group = f"/aws/sagemaker/{record.kind}Jobs"
        born = int(self.cloud.clock.seconds())

        def print_line(host: str, text: str) -> None:
            if record.wanted != ABANDON:
                self.cloud.log(group, f"{record.name}/{host}-{born}", [text])
                line(text)

        return Watch(
            line=print_line,
            phase=lambda phase: self.enter_phase(record, phase),
            stop=lambda: record.wanted == STOP,
            interrupted=lambda: record.wanted == INTERRUPT,
            abandoned=lambda: record.wanted == ABANDON,
            recorded=self._recorded,
        )

    @contextmanager
    def _recorded(self, job: Job, pid: int, container: str) -> Iterator[None]:
        self.cloud.processes.register(pid, job.name, container)
        try:
            yield
        finally:
            self.cloud.processes.forget(pid)

    def _work(self, record: JobRecord, work: Callable[[], Outcome]) -> None:
        with self.cloud.lock:
            if record.wanted == ABANDON:
                return
            record.started = self.cloud.clock.now()
            if record.wanted != STOP:
                self.enter_phase(record, "Starting")
        try:
            outcome = Outcome("Stopped", None) if record.wanted == STOP else work()
        except Exception:
            log.exception("job %s failed inside localcloud", record.name)
            self.cloud.counters.count(DEFECTS)
            outcome = Outcome("Failed", None, INTERNAL)
        with self.cloud.lock:
            if record.wanted != ABANDON:
                self._end(record, outcome)

    def _end(self, record: JobRecord, outcome: Outcome) -> None:
        record.conclude(outcome, self.cloud.clock.now())
        self.announce_job(record)
        self.job_ended(f"{record.kind}Job", record.name, record.description())


def _matches(record: JobRecord, request: Request) -> bool:
    return (
        request.get("NameContains", "") in record.name
        and request.get("StatusEquals", record.status) == record.status
        and not any(name in request for name in OF_WHAT_IS_NOT_HERE)
        and _between(record.created, request, "CreationTime")
        and _between(record.modified, request, "LastModifiedTime")
    )


def _between(moment: datetime, request: Request, name: str) -> bool:
    after, before = request.get(f"{name}After"), request.get(f"{name}Before")
    return not (after and moment <= after) and not (before and moment >= before)
