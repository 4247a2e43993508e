"""What the three kinds of job share while they work, on threads of their own and without the lock."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from localcloud.core.disk_space import DiskWatch, full_disk, is_full
from localcloud.core.log_stream import LogStream
from localcloud.core.refusal import Refusal
from localcloud.runtime.etag_cache import EtagCache
from localcloud.runtime.jobs import runtimes
from localcloud.runtime.jobs.containers import OWN_IMAGE, SWITCH
from localcloud.runtime.jobs.engine import EngineError
from localcloud.runtime.jobs.hooks import JobHooks
from localcloud.runtime.jobs.job import Job, Outcome
from localcloud.runtime.jobs.runner import GRACE_SECONDS, run_all
from localcloud.runtime.s3_store import S3Store
from localcloud.runtime.store import Unavailable
from localcloud.services.sagemaker.image_registry import denied_pull, image_problem, pulled_image
from localcloud.services.sagemaker.jobs.lifecycle import JobLifecycle
from localcloud.services.sagemaker.jobs.records import ABANDON, INTERRUPT, STOP, JobRecord

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

CANNOT_PULL = (
    "ClientError: Cannot pull algorithm container. Either the image does not exist or its permissions are incorrect."
)


class JobRunner:
    grace_seconds = GRACE_SECONDS  # tests shorten it

    def __init__(self, cloud: Cloud, lifecycle: JobLifecycle) -> None:
        self.cloud, self._lifecycle = cloud, lifecycle
        self._cache = EtagCache()

    @property
    def containers(self) -> bool:
        """Jobs run in their images."""
        return bool(os.environ.get(SWITCH))

    def run(self, record: JobRecord, instances: Sequence[Job], hooks: JobHooks | None = None) -> Outcome:
        """All instances of a processing or training job, to their end."""
        if problem := image_problem(self.cloud, instances[0].image):
            return Outcome("Failed", None, f"ClientError: {problem}")
        if denied_pull(self.cloud, record.session, instances[0].image):
            return Outcome("Failed", None, CANNOT_PULL)
        return self.on_disk(record, lambda: self._run(record, instances, hooks or self.hooks(record)))

    def on_disk(self, record: JobRecord, work: Callable[[], Outcome]) -> Outcome:
        """``work``; a job that fails while the disk is full fails for that reason."""
        disk = record.disk = DiskWatch(self.cloud.folder)
        outcome = Outcome("Failed", None)
        try:
            if not disk.check():
                outcome = work()
        except OSError as error:
            if not is_full(error):
                raise
            disk.problem = full_disk(self.cloud.folder)
        if outcome.status == "Failed" and disk.problem:
            return Outcome("Failed", None, f"InternalServerError: {disk.problem}")
        return outcome

    def _run(self, record: JobRecord, instances: Sequence[Job], hooks: JobHooks) -> Outcome:
        try:
            instances = self._in_engine(instances)
        except EngineError as error:
            return Outcome("Failed", None, f"ClientError: {error}")
        notice = "" if self.containers else self.cloud.images.notice(instances[0].image)
        for job in instances if notice else ():
            hooks.on_line(job.host, notice)
        with self.folders(record, len(instances)) as folders, self.client_variables(record) as variables:
            prepare = runtimes.select(os.environ, variables, self.cloud.processes.environment, self.cloud.images)
            return run_all(
                instances, folders, self.store(record), prepare=prepare, hooks=hooks, grace_seconds=self.grace_seconds
            )

    @contextmanager
    def client_variables(self, record: JobRecord) -> Iterator[dict[str, str]]:
        """They make the job's processes call this cloud, in the session of its role while it runs."""
        with self.cloud.process_keys.during(record.session) as token:
            yield self.cloud.process_environment(token)

    def _in_engine(self, instances: Sequence[Job]) -> Sequence[Job]:
        """With the image where the engine has it, if they run in the image of their request."""
        if os.environ.get(SWITCH) != OWN_IMAGE:
            return instances
        image = pulled_image(self.cloud, instances[0].image)
        return [replace(job, image=image) for job in instances]

    @contextmanager
    def folders(self, record: JobRecord, instances: int) -> Iterator[list[Path]]:
        """An empty folder for each instance; only its log is kept afterwards."""
        folder = self.cloud.folder / "jobs" / record.kind.lower() / record.name
        shutil.rmtree(folder, ignore_errors=True)
        folders = [folder / f"algo-{number}" for number in range(1, instances + 1)]
        for each in folders:
            each.mkdir(parents=True)
        try:
            yield folders
        finally:
            record.disk.check()
            for each in folders:
                shutil.rmtree(each / "opt", ignore_errors=True)

    def store(self, record: JobRecord) -> S3Store:
        """S3 as its role sees it; the role must also be allowed to read what is cached already."""

        def check_cached(bucket: str, key: str) -> None:
            try:
                self.cloud.access.authorize(record.session, "s3", "GetObject", {"Bucket": bucket, "Key": key})
            except Refusal as refusal:
                raise Unavailable(f"Cannot read s3://{bucket}/{key}: {refusal.code}, {refusal.message}") from None

        return S3Store(self.cloud.client_as(record.session, "s3"), self._cache, check_cached)

    def hooks(self, record: JobRecord, on_line: Callable[[str], None] = lambda _: None) -> JobHooks:
        """Sends the output of the job to its log while it runs, as far as its role may write one, and each line to
        ``on_line``."""
        group = f"/aws/sagemaker/{record.kind}Jobs"
        began = int(self.cloud.clock.seconds())

        @cache
        def stream(host: str) -> LogStream:
            return LogStream(self.cloud, record.session, group, f"{record.name}/{host}-{began}")

        def log_line(host: str, text: str) -> None:
            record.disk.read(text)
            if record.signal != ABANDON:
                stream(host).write([text])
                on_line(text)

        return JobHooks(
            on_line=log_line,
            on_phase=lambda phase: self._lifecycle.enter_phase(record, phase),
            stop_requested=lambda: record.signal == STOP,
            interrupt_requested=lambda: record.signal == INTERRUPT,
            abandon_requested=lambda: record.signal == ABANDON,
            register=self._register,
        )

    @contextmanager
    def _register(self, job: Job, pid: int, container: str) -> Iterator[None]:
        self.cloud.processes.register(pid, job.name, container)
        try:
            yield
        finally:
            self.cloud.processes.forget(pid)
