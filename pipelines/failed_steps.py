"""Why a step failed: its reason, that of its job, and the last lines of the job's log."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aws.refusals import is_missing
from pipelines.executions import JOB_KINDS, Job, Step

LOG_LINES = 20
LOG_WIDTH = 300
MIN_REASON = 200  # characters of a reason that SageMaker keeps
ERROR = "ERROR: "  # as scripts/failures.py begins the reason
GROUPS = {kind: f"/aws/sagemaker/{kind}s" for kind in JOB_KINDS}
Client = Callable[[str], Any]


@dataclass(frozen=True)
class Event:
    time: datetime
    message: str


def explain(step: Step, client: Client) -> list[str]:
    lines = [f"step {step.name} failed: {_clean(step.reason) or 'SageMaker gives no reason'}"]
    return lines + (_explain_job(step.job, step.reason, client) if step.job else [])


def _explain_job(job: Job, reason: str, client: Client) -> list[str]:
    reasons = _try_read(lambda: job_reasons(client("sagemaker"), job), "its job")
    group = GROUPS[job.kind]
    logged = _try_read(lambda: last_lines(client("logs"), group, job.name), "its log") or ["(nothing was logged)"]
    place, others = f"({group}, streams {job.name}/...)", _without_reason(logged, [reason, *reasons])
    return [
        *(f"  {_clean(text)}" for text in dict.fromkeys(reasons) if text not in reason),
        f"  last lines of its log {place}:" if others else f"  its log has nothing else {place}",
        *(f"    {_clean(line)}" for line in others),
    ]


def _without_reason(lines: list[str], reasons: list[str]) -> list[str]:
    """The script logs the same sentence that SageMaker gives as the reason."""
    beginnings = [f": {line.rstrip().removeprefix(ERROR)[:MIN_REASON]}" for line in lines]
    return [
        line
        for line, beginning in zip(lines, beginnings, strict=True)
        if not (line.startswith(ERROR) and any(beginning in f": {reason}" for reason in reasons))
    ]


def _try_read(read: Callable[[], list[str]], what: str) -> list[str]:
    """The failure is reported even if its details cannot be read."""
    try:
        return read()
    except Exception as error:  # noqa: BLE001 - the reason is in the result
        return [] if is_missing(error) else [f"({what} cannot be read: {error})"]


def job_reasons(sagemaker: Any, job: Job) -> list[str]:
    describe = {
        "ProcessingJob": sagemaker.describe_processing_job,
        "TrainingJob": sagemaker.describe_training_job,
        "TransformJob": sagemaker.describe_transform_job,
    }[job.kind]
    response = describe(**{f"{job.kind}Name": job.name})
    return [str(response[key]) for key in ("ExitMessage", "FailureReason") if response.get(key)]


def last_lines(logs: Any, group: str, job: str, limit: int = LOG_LINES) -> list[str]:
    return [event.message for event in last_events(logs, group, job, limit)]


def last_events(logs: Any, group: str, job: str, limit: int) -> list[Event]:
    """Of all instances, by time. Streams are ``<job>/algo-1-...``; the name of another job may have the same prefix."""
    streams = logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=job)["logStreams"]
    names = [stream["logStreamName"] for stream in streams]
    events = [
        Event(datetime.fromtimestamp(event["timestamp"] / 1000, UTC), event["message"])
        for name in names
        if name == job or name.startswith(f"{job}/")
        for event in logs.get_log_events(logGroupName=group, logStreamName=name, limit=limit, startFromHead=False)[
            "events"
        ]
    ]
    return sorted(events, key=lambda event: event.time)[-limit:]


def _clean(line: str) -> str:
    """Untrusted text: it must not control the terminal."""
    return "".join(character if character.isprintable() else " " for character in line.rstrip())[:LOG_WIDTH]
