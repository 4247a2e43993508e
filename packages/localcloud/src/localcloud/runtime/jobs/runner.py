"""Runs a job: downloads its inputs, runs its processes, uploads its outputs, and returns how it ended.

``MaxRuntimeInSeconds`` and the grace between SIGTERM and SIGKILL are in real time, however fast the cloud's clock goes.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from localcloud.runtime.jobs.hooks import DOWNLOADING, RUNNING, UPLOADING, JobHooks
from localcloud.runtime.jobs.job import NO_OBJECTS, Input, Job, Outcome
from localcloud.runtime.jobs.outputs import collect
from localcloud.runtime.jobs.runtimes import Command, Prepare, process
from localcloud.runtime.store import Store, Unavailable

GRACE_SECONDS = 120.0  # between SIGTERM and SIGKILL, as SageMaker gives it
POLL_SECONDS = 0.02
LONGEST_MESSAGE = 1024


def run_all(
    jobs: Sequence[Job],
    instances: Sequence[Path],
    store: Store,
    *,
    prepare: Prepare = process,
    hooks: JobHooks | None = None,
    grace_seconds: float = GRACE_SECONDS,
) -> Outcome:
    """All instances of a job at once; the output of each is written to its ``log``. One that fails ends the others."""
    hooks = hooks or JobHooks()
    started = time.monotonic()
    try:
        hooks.on_phase(DOWNLOADING)
        for job, instance in zip(jobs, instances, strict=True):
            _prepare_instance(job, instance, store)
        hooks.on_phase(RUNNING)
        group = _InstanceGroup(prepare, hooks, grace_seconds, started + jobs[0].max_runtime_seconds)
        outcome = _job_outcome(group.run(jobs, instances), time.monotonic() - started)
        if not hooks.abandon_requested():
            hooks.on_phase(UPLOADING)
            interrupted = outcome.status == "Stopped" and not outcome.timed_out and hooks.interrupt_requested()
            collect(jobs[0], instances, store, outcome, interrupted=interrupted)
    except Unavailable as problem:
        return Outcome("Failed", None, f"ClientError: {problem}", time.monotonic() - started)
    return outcome


class _InstanceGroup:
    """The running instances of a job."""

    def __init__(self, prepare: Prepare, hooks: JobHooks, grace_seconds: float, deadline: float) -> None:
        self.prepare, self.hooks, self.grace_seconds, self.deadline = prepare, hooks, grace_seconds, deadline
        self.failed = threading.Event()

    def run(self, jobs: Sequence[Job], instances: Sequence[Path]) -> list[Outcome]:
        """In the order of their end."""
        if len(jobs) == 1:
            return [self._run(jobs[0], instances[0])]
        outcomes: list[Outcome] = []
        with ThreadPoolExecutor(len(jobs)) as pool:
            for future in [pool.submit(self._run, *pair, outcomes) for pair in zip(jobs, instances, strict=True)]:
                future.result()
        return outcomes

    def _run(self, job: Job, instance: Path, outcomes: list[Outcome] | None = None) -> Outcome:
        command = self.prepare(job, instance)
        try:
            outcome = self._process(job, instance, command)
        except (OSError, ValueError) as error:  # it did not start; ValueError: an argument has a "\0"
            message = f"{command.argv[0]} cannot be started: {getattr(error, 'strerror', None) or error}"
            outcome = Outcome("Failed", 127, message, message=message)
        finally:
            command.close()
        if outcome.status == "Failed":
            self.failed.set()
        if outcomes is not None:
            outcomes.append(outcome)
        return outcome

    def _process(self, job: Job, instance: Path, command: Command) -> Outcome:
        with (
            (instance / "log").open("wb", buffering=0) as log,
            subprocess.Popen(
                command.argv,
                env=command.environment,
                cwd=instance,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                start_new_session=True,
            ) as child,
            _killed_on_error(child),
        ):

            def line(text: str) -> None:
                with suppress(OSError):  # the disk is full: the log in CloudWatch is complete
                    log.write(text.encode())
                self.hooks.on_line(job.host, text.rstrip("\n"))

            with self.hooks.register(job, child.pid, command.container):
                reader = threading.Thread(target=_forward, args=(child, line), daemon=True)
                reader.start()
                cause = self._wait(child, command)
                reader.join(timeout=10)
        return _outcome(job, instance, child.returncode, cause)

    def _wait(self, child: subprocess.Popen[str], command: Command) -> str:
        """Returns "" when it ended by itself, else why it was ended: "stopped" or "timed out"."""
        cause, kill_at = "", float("inf")
        try:
            while child.poll() is None:
                now = time.monotonic()
                if not cause and (self._stopping() or now > self.deadline):
                    cause, kill_at = ("stopped" if self._stopping() else "timed out"), now + self.grace_seconds
                    _signal(child, signal.SIGTERM)
                if now > kill_at or self.hooks.abandon_requested():
                    _signal(child, signal.SIGKILL)
                    command.kill()
                time.sleep(POLL_SECONDS)
        finally:  # end all processes that the job started
            _signal(child, signal.SIGKILL)
        return cause

    def _stopping(self) -> bool:
        hooks = self.hooks
        return (
            hooks.stop_requested() or hooks.interrupt_requested() or hooks.abandon_requested() or self.failed.is_set()
        )


def _prepare_instance(job: Job, instance: Path, store: Store) -> None:
    """The folders, files and inputs that a container of SageMaker has."""
    for folder in job.folders:
        _path(instance, folder).mkdir(parents=True, exist_ok=True)
    for path, content in job.files.items():
        file = _path(instance, path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    for item in job.inputs:
        if not _download(item, _path(instance, item.path), store) and not item.optional:
            raise Unavailable(f"{NO_OBJECTS.format(uri=item.uri)} It is the input {item.name} of {job.name}.")


def _download(item: Input, folder: Path, store: Store) -> int:
    try:
        return store.download(item.uri, folder, manifest=item.manifest, share=item.share)
    except FileNotFoundError:  # no such bucket or manifest
        return 0


def _path(instance: Path, path: str) -> Path:
    return instance / path.lstrip("/")


def _forward(child: subprocess.Popen[str], line: Callable[[str], None]) -> None:
    assert child.stdout is not None  # noqa: S101 - it was opened with a pipe
    for text in child.stdout:
        line(text)


def _signal(child: subprocess.Popen[str], number: int) -> None:
    """To the job's whole process group, which is its own."""
    try:
        os.killpg(child.pid, number)
    except (ProcessLookupError, PermissionError):
        return


@contextmanager
def _killed_on_error(child: subprocess.Popen[str]) -> Iterator[None]:
    """Else Popen waits for its end."""
    try:
        yield
    except BaseException:
        _signal(child, signal.SIGKILL)
        raise


def _outcome(job: Job, instance: Path, exit_code: int, cause: str) -> Outcome:
    file = _path(instance, job.reason_file)
    message = file.read_text(errors="replace")[:LONGEST_MESSAGE].strip() if file.is_file() else ""
    code = exit_code if exit_code >= 0 else 128 - exit_code  # the signal, as a shell and a container return it
    if cause:
        limit = f"it ran longer than {job.max_runtime_seconds:g} s (MaxRuntimeInSeconds)"
        return Outcome("Stopped", code, limit if cause == "timed out" else "", 0.0, cause == "timed out", message)
    if code == 0:
        return Outcome("Completed", 0, message=message)
    return Outcome("Failed", code, message or f"exit code {code}, and no reason was written", message=message)


def _job_outcome(outcomes: Sequence[Outcome], seconds: float) -> Outcome:
    """Of a job: its first failure; else the first instance that was stopped; else that of its first instance."""
    by_status = {outcome.status: outcome for outcome in reversed(outcomes)}
    one = by_status.get("Failed") or by_status.get("Stopped") or outcomes[0]
    return replace(one, seconds=seconds)
