"""Run a job: inputs in, the processes watched, outputs out, and why it ended.

``MaxRuntimeInSeconds`` and the grace between SIGTERM and SIGKILL are seconds of this machine, however fast the
cloud's clock goes: a script needs the time that it needs.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from localcloud.runtime.jobs.job import NO_OBJECTS, Input, Job, Outcome
from localcloud.runtime.jobs.outputs import collect
from localcloud.runtime.jobs.progress import DOWNLOADING, RUNNING, UPLOADING, Watch
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
    watch: Watch | None = None,
    grace_seconds: float = GRACE_SECONDS,
) -> Outcome:
    """All instances of a job at once; what each printed ends up in its ``log``. One that fails ends the others."""
    watch = watch or Watch()
    started = time.monotonic()
    try:
        watch.phase(DOWNLOADING)
        for job, instance in zip(jobs, instances, strict=True):
            _lay_out(job, instance, store)
        watch.phase(RUNNING)
        machines = _Machines(prepare, watch, grace_seconds, started + jobs[0].max_runtime_seconds)
        outcome = _judge(machines.run(jobs, instances), time.monotonic() - started)
        if not watch.abandoned():
            watch.phase(UPLOADING)
            interrupted = outcome.status == "Stopped" and not outcome.timed_out and watch.interrupted()
            collect(jobs[0], instances, store, outcome, interrupted=interrupted)
    except Unavailable as problem:
        return Outcome("Failed", None, f"ClientError: {problem}", time.monotonic() - started)
    return outcome


class _Machines:
    """The instances while they run."""

    def __init__(self, prepare: Prepare, watch: Watch, grace_seconds: float, deadline: float) -> None:
        self.prepare, self.watch, self.grace_seconds, self.deadline = prepare, watch, grace_seconds, deadline
        self.failed = threading.Event()

    def run(self, jobs: Sequence[Job], instances: Sequence[Path]) -> list[Outcome]:
        """In the order of their end."""
        if len(jobs) == 1:
            return [self._run(jobs[0], instances[0])]
        ended: list[Outcome] = []
        with ThreadPoolExecutor(len(jobs)) as pool:
            for future in [pool.submit(self._run, *pair, ended) for pair in zip(jobs, instances, strict=True)]:
                future.result()
        return ended

    def _run(self, job: Job, instance: Path, ended: list[Outcome] | None = None) -> Outcome:
        command = self.prepare(job, instance)
        try:
            outcome = self._process(job, instance, command)
        except (OSError, ValueError) as error:  # it never began; ValueError: no process can have a text with "\0" in it
            sentence = f"{command.argv[0]} cannot be started: {getattr(error, 'strerror', None) or error}"
            outcome = Outcome("Failed", 127, sentence, message=sentence)
        finally:
            command.close()
        if outcome.status == "Failed":
            self.failed.set()
        if ended is not None:
            ended.append(outcome)
        return outcome

    def _process(self, job: Job, instance: Path, command: Command) -> Outcome:
        with (
            (instance / "log").open("w", buffering=1) as log,
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
        ):

            def line(text: str) -> None:
                log.write(text)
                self.watch.line(job.host, text.rstrip("\n"))

            with self.watch.recorded(job, child.pid, command.container):
                reader = threading.Thread(target=_forward, args=(child, line), daemon=True)
                reader.start()
                why = self._wait(child, command)
                reader.join(timeout=10)
        return _outcome(job, instance, child.returncode, why)

    def _wait(self, child: subprocess.Popen[str], command: Command) -> str:
        """For its end; returns "" when it ended by itself, else why it was ended ("stopped" or "timed out")."""
        why, kill_at = "", float("inf")
        try:
            while child.poll() is None:
                now = time.monotonic()
                if not why and (self._stopping() or now > self.deadline):
                    why, kill_at = ("stopped" if self._stopping() else "timed out"), now + self.grace_seconds
                    _signal(child, signal.SIGTERM)
                if now > kill_at or self.watch.abandoned():
                    _signal(child, signal.SIGKILL)
                    command.kill()
                time.sleep(POLL_SECONDS)
        finally:  # nothing that the job started outlives it
            _signal(child, signal.SIGKILL)
        return why

    def _stopping(self) -> bool:
        watch = self.watch
        return watch.stop() or watch.interrupted() or watch.abandoned() or self.failed.is_set()


def _lay_out(job: Job, instance: Path, store: Store) -> None:
    """The folders, files and inputs of the container's contract."""
    for folder in job.folders:
        _inside(instance, folder).mkdir(parents=True, exist_ok=True)
    for path, content in job.files.items():
        file = _inside(instance, path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    for item in job.inputs:
        if not _download(item, _inside(instance, item.path), store) and not item.optional:
            raise Unavailable(f"{NO_OBJECTS.format(uri=item.uri)} It is the input {item.name} of {job.name}.")


def _download(item: Input, folder: Path, store: Store) -> int:
    try:
        return store.download(item.uri, folder, manifest=item.manifest, share=item.share)
    except FileNotFoundError:  # no such bucket, or no such manifest
        return 0


def _inside(instance: Path, path: str) -> Path:
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


def _outcome(job: Job, instance: Path, exit_code: int, why: str) -> Outcome:
    file = _inside(instance, job.reason_file)
    message = file.read_text(errors="replace")[:LONGEST_MESSAGE].strip() if file.is_file() else ""
    code = exit_code if exit_code >= 0 else 128 - exit_code  # as a shell and a container tell signals
    if why:
        limit = f"it ran longer than {job.max_runtime_seconds:g} s (MaxRuntimeInSeconds)"
        return Outcome("Stopped", code, limit if why == "timed out" else "", 0.0, why == "timed out", message)
    if code == 0:
        return Outcome("Completed", 0, message=message)
    return Outcome("Failed", code, message or f"exit code {code}, and no reason was written", message=message)


def _judge(ended: Sequence[Outcome], seconds: float) -> Outcome:
    """Of a job: its first failure; else that it was stopped; else that it is complete, as its first instance says."""
    by_status = {outcome.status: outcome for outcome in reversed(ended)}
    one = by_status.get("Failed") or by_status.get("Stopped") or ended[0]
    return replace(one, seconds=seconds)
