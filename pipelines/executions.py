"""Executions of a pipeline as data: start, find, describe, list, stop."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aws.refusals import is_missing
from aws.response_time import clock_speed, response_time
from pipelines.state import not_found, require
from settings.errors import Problem, UsageProblem

RUNNING = ("Executing", "Stopping")
JOB_KINDS = ("ProcessingJob", "TrainingJob", "TransformJob")
ARN = re.compile(r"arn:aws[a-z-]*:sagemaker:[a-z0-9-]*:\d{12}:pipeline/(?P<pipeline>[^/]+)/execution/(?P<id>[^/]+)")


@dataclass(frozen=True)
class Execution:
    arn: str
    status: str
    at: datetime  # AWS's time of the response
    started: datetime | None
    ended: datetime | None = None
    reason: str = ""
    speed: float = 1  # of AWS's clock

    @property
    def id(self) -> str:
        return self.arn.rsplit("/", 1)[-1]

    @property
    def running(self) -> bool:
        return self.status in RUNNING

    @property
    def succeeded(self) -> bool:
        return self.status == "Succeeded"


@dataclass(frozen=True)
class Job:
    kind: str  # one of JOB_KINDS
    name: str


@dataclass(frozen=True)
class Step:
    name: str
    status: str
    started: datetime | None = None
    ended: datetime | None = None
    reason: str = ""
    note: str = ""  # "cached", "attempt 2", a condition's outcome
    job: Job | None = None
    package: str = ""  # the registered model package


def start(sagemaker: Any, pipeline: str, values: dict[str, str]) -> str:
    """One token for the call and botocore's retries: a lost response cannot start two runs."""
    response = sagemaker.start_pipeline_execution(
        PipelineName=pipeline,
        PipelineParameters=[{"Name": name, "Value": value} for name, value in values.items()],
        ClientRequestToken=uuid.uuid4().hex,
    )
    return str(response["PipelineExecutionArn"])


def stop(sagemaker: Any, arn: str) -> None:
    sagemaker.stop_pipeline_execution(PipelineExecutionArn=arn, ClientRequestToken=uuid.uuid4().hex)


def find(sagemaker: Any, pipeline: str, reference: str | None) -> str:
    """The ARN for ``--execution``: an ARN, an id of ``--list``, or None for the newest."""
    if reference is None:
        newest = recent(sagemaker, pipeline, 1)
        if not newest:
            raise Problem(f"pipeline {pipeline} has never run: start it with --start")
        return newest[0].arn
    match = ARN.fullmatch(reference)
    if match and match["pipeline"].lower() != pipeline.lower():
        raise UsageProblem(f"--execution belongs to pipeline {match['pipeline']}, not to {pipeline}: choose its --env")
    if match:
        return reference
    if not re.fullmatch(r"[a-zA-Z0-9]+", reference):
        raise UsageProblem(f"--execution {reference!r} is neither an execution's ARN nor an id: --list shows them")
    return f"{require(sagemaker, pipeline).arn}/execution/{reference}"


def describe(sagemaker: Any, arn: str) -> Execution:
    try:
        response = sagemaker.describe_pipeline_execution(PipelineExecutionArn=arn)
    except Exception as error:
        if is_missing(error):
            raise Problem(f"execution {arn.rsplit('/', 1)[-1]} does not exist: --list shows those that do") from error
        raise
    status = response["PipelineExecutionStatus"]
    ended = None if status in RUNNING else response.get("LastModifiedTime")
    reason = response.get("FailureReason") or ""
    at, speed = response_time(response), clock_speed(response)
    return Execution(arn, status, at, response.get("CreationTime"), ended, reason, speed)


def recent(sagemaker: Any, pipeline: str, limit: int) -> list[Execution]:
    """Newest first."""
    order = {"SortBy": "CreationTime", "SortOrder": "Descending"}
    try:
        response = sagemaker.list_pipeline_executions(PipelineName=pipeline, **order, MaxResults=limit)
    except Exception as error:
        if is_missing(error):
            raise not_found(pipeline) from error
        raise
    return [
        Execution(
            entry["PipelineExecutionArn"],
            entry["PipelineExecutionStatus"],
            response_time(response),
            entry.get("StartTime"),
            reason=entry.get("PipelineExecutionFailureReason") or "",
            speed=clock_speed(response),
        )
        for entry in response["PipelineExecutionSummaries"][:limit]
    ]


def steps(sagemaker: Any, arn: str) -> list[Step]:
    """The steps that have started, oldest first."""
    return [_step(entry) for entry in _step_entries(sagemaker, arn)]


def _step_entries(sagemaker: Any, arn: str) -> Iterator[dict[str, Any]]:
    request = {"PipelineExecutionArn": arn, "SortOrder": "Ascending", "MaxResults": 100}
    while True:
        page = sagemaker.list_pipeline_execution_steps(**request)
        yield from page["PipelineExecutionSteps"]
        if not page.get("NextToken"):
            return
        request["NextToken"] = page["NextToken"]


def _step(entry: dict[str, Any]) -> Step:
    metadata = entry.get("Metadata", {})
    jobs = [
        Job(kind, metadata[kind]["Arn"].rsplit("/", 1)[-1]) for kind in JOB_KINDS if metadata.get(kind, {}).get("Arn")
    ]
    return Step(
        name=entry["StepName"],
        status=entry["StepStatus"],
        started=entry.get("StartTime"),
        ended=entry.get("EndTime"),
        reason=entry.get("FailureReason") or metadata.get("Fail", {}).get("ErrorMessage") or "",
        note=_note(entry, metadata),
        job=jobs[0] if jobs else None,
        package=metadata.get("RegisterModel", {}).get("Arn", ""),
    )


def _note(entry: dict[str, Any], metadata: dict[str, Any]) -> str:
    if entry.get("CacheHitResult", {}).get("SourcePipelineExecutionArn"):
        return "cached"
    if metadata.get("Condition", {}).get("Outcome"):
        return str(metadata["Condition"]["Outcome"])
    attempts = entry.get("AttemptCount") or 1
    return f"attempt {attempts}" if attempts > 1 else ""
