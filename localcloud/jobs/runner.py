"""Run one Job: inputs in, the process watched, outputs out, and why it ended."""

from __future__ import annotations

import gzip
import os
import signal
import subprocess
import tarfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from localcloud.jobs.job import Job, Outcome
from localcloud.jobs.runtimes import Prepare, process
from localcloud.store import Store

GRACE_SECONDS = 120.0  # between SIGTERM and SIGKILL, as SageMaker gives it
POLL_SECONDS = 0.05
Line = Callable[[str], None]


def run(
    job: Job,
    instance: Path,
    store: Store,
    *,
    prepare: Prepare = process,
    on_line: Line = lambda _: None,
    stop: Callable[[], bool] = lambda: False,
    grace_seconds: float = GRACE_SECONDS,
) -> Outcome:
    """``instance`` is an empty folder that stands for the machine; what the job printed ends up in its ``log``."""
    started = time.monotonic()
    missing = _lay_out(job, instance, store)
    if missing:
        return Outcome("Failed", None, missing)
    command = prepare(job, instance)
    with (instance / "log").open("w", buffering=1) as log:

        def line(text: str) -> None:
            log.write(text)
            on_line(text.rstrip("\n"))

        with subprocess.Popen(
            command.argv,
            env=command.environment,
            cwd=instance,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        ) as child:
            reader = threading.Thread(target=_forward, args=(child, line), daemon=True)
            reader.start()
            ended = _watch(child, started + job.max_runtime_seconds, stop, grace_seconds)
            reader.join(timeout=10)
    if command.alias:
        command.alias.unlink()
        command.alias.parent.rmdir()
    outcome = _judge(job, instance, child.returncode, ended, time.monotonic() - started)
    _collect(job, instance, store, completed=outcome.status == "Completed" or ended != "")
    return outcome


def _lay_out(job: Job, instance: Path, store: Store) -> str:
    """The folders, files and inputs of the container's contract; returns what is missing, in a sentence."""
    for folder in job.folders:
        _inside(instance, folder).mkdir(parents=True, exist_ok=True)
    for path, content in job.files.items():
        file = _inside(instance, path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    for item in job.inputs:
        found = store.download(item.uri, _inside(instance, item.path))
        if not found and item.name != "checkpoints":
            return f"ClientError: no objects at {item.uri} (input {item.name} of {job.name})"
    return ""


def _inside(instance: Path, path: str) -> Path:
    return instance / path.lstrip("/")


def _forward(child: subprocess.Popen[str], line: Line) -> None:
    assert child.stdout is not None  # noqa: S101 - it was opened with a pipe
    for text in child.stdout:
        line(text)


def _watch(child: subprocess.Popen[str], deadline: float, stop: Callable[[], bool], grace_seconds: float) -> str:
    """Wait for the end; returns "" when it ended by itself, else why it was ended ("stopped" or "timed out")."""
    why = ""
    try:
        while child.poll() is None:
            if why == "" and (stop() or time.monotonic() > deadline):
                why = "stopped" if stop() else "timed out"
                _signal(child, signal.SIGTERM)
                deadline = time.monotonic() + grace_seconds
            elif why and time.monotonic() > deadline:
                _signal(child, signal.SIGKILL)
            time.sleep(POLL_SECONDS)
    finally:  # nothing that the job started outlives it
        _signal(child, signal.SIGKILL)
    return why


def _signal(child: subprocess.Popen[str], number: int) -> None:
    """To the job's whole process group, which is its own."""
    try:
        os.killpg(child.pid, number)
    except (ProcessLookupError, PermissionError):
        return


def _judge(job: Job, instance: Path, exit_code: int, ended: str, seconds: float) -> Outcome:
    if ended:
        limit = f"it ran longer than {job.max_runtime_seconds:g} s (MaxRuntimeInSeconds)"
        return Outcome("Stopped", exit_code, limit if ended == "timed out" else "", seconds, ended == "timed out")
    if exit_code == 0:
        return Outcome("Completed", 0, "", seconds)
    file = _inside(instance, job.reason_file)
    sentence = file.read_text(errors="replace")[:1024].strip() if file.is_file() else ""
    return Outcome("Failed", exit_code, sentence or f"exit code {exit_code}, and no reason was written", seconds)


def _collect(job: Job, instance: Path, store: Store, *, completed: bool) -> None:
    for output in job.outputs:
        folder = _inside(instance, output.path)
        if not (completed or output.even_if_failed) or not folder.is_dir() or not any(folder.iterdir()):
            continue
        if output.archive:
            store.upload(_archive(folder, instance / Path(output.uri).name), output.uri)
        else:
            store.upload(folder, output.uri)


def _archive(folder: Path, target: Path) -> Path:
    """The same files give the same bytes: sorted, without owners and times."""
    with (
        target.open("wb") as file,
        gzip.GzipFile(filename="", fileobj=file, mode="wb", mtime=0, compresslevel=6) as stream,
        tarfile.open(fileobj=stream, mode="w") as archive,
    ):
        for path in sorted(folder.rglob("*")):
            archive.add(path, arcname=path.relative_to(folder).as_posix(), recursive=False, filter=_anonymous)
    return target


def _anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = member.mtime = 0
    member.uname = member.gname = ""
    member.mode = 0o755 if member.isdir() else 0o644
    return member
