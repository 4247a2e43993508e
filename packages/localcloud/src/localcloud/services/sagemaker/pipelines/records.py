"""Pipelines with their versions, and executions with their steps, as records; AWS's descriptions of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from localcloud.core.clock import Timer
from localcloud.services.sagemaker.pipelines.expressions import Scope
from localcloud.services.sagemaker.pipelines.graph import Graph
from localcloud.services.sagemaker.pipelines.retries import Attempts
from localcloud.services.sagemaker.pipelines.step_cache import Cache

Members = dict[str, Any]
RUNNING = ("Starting", "Executing", "Stopping")


@dataclass
class Version:
    number: int
    text: str
    definition: dict[str, Any]
    graph: Graph
    created: datetime
    aliases: list[str] = field(default_factory=list)
    members: Members = field(default_factory=dict)  # PipelineVersionDisplayName, PipelineVersionDescription
    last_execution: str = ""


@dataclass
class Pipeline:
    name: str
    arn: str
    created: datetime
    modified: datetime
    members: Members  # of the request: RoleArn, display name, description, parallelism
    versions: list[Version] = field(default_factory=list)
    last_run: datetime | None = None
    cache: Cache = field(default_factory=Cache)

    @property
    def latest(self) -> Version:
        return self.versions[-1]

    def summary(self) -> dict[str, Any]:
        members = {name: value for name, value in self.members.items() if name != "ParallelismConfiguration"}
        times = {"CreationTime": self.created, "LastModifiedTime": self.modified}
        last = {"LastExecutionTime": self.last_run} if self.last_run else {}
        display = {"PipelineDisplayName": self.name}
        return {"PipelineArn": self.arn, "PipelineName": self.name, **display, **members, **times, **last}

    def description(self, version: Version) -> dict[str, Any]:
        return {
            "PipelineArn": self.arn,
            "PipelineName": self.name,
            "PipelineDisplayName": self.name,
            **self.members,
            **version.members,
            "PipelineDefinition": version.text,
            "PipelineStatus": "Active",
            "CreationTime": self.created,
            "LastModifiedTime": self.modified,
            **({"LastRunTime": self.last_run} if self.last_run else {}),
            **({"PipelineVersionAliases": list(version.aliases)} if version.aliases else {}),
            "CreatedBy": {},
            "LastModifiedBy": {},
        }

    def version_summary(self, version: Version) -> dict[str, Any]:
        last = {"LastExecutionPipelineExecutionArn": version.last_execution} if version.last_execution else {}
        return {
            "PipelineVersionId": version.number,  # first: pages continue at it
            "PipelineArn": self.arn,
            "CreationTime": version.created,
            **version.members,
            **last,
            **({"PipelineVersionAliases": list(version.aliases)} if version.aliases else {}),
        }


@dataclass
class StepRun:
    """A step that has started. Later steps can refer to its ``output``: the description of its job or resource."""

    name: str
    entry: dict[str, Any]
    attempts: Attempts
    number: int = 0  # of the attempt
    status: str = ""
    started: datetime | None = None
    ended: datetime | None = None
    reason: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)
    output: dict[str, Any] | None = None
    cached_from: str = ""
    reused_from: str = ""
    cache_key: str = ""
    job: str = ""  # the name of its current job
    timer: Timer | None = None  # of the next attempt

    @property
    def kind(self) -> str:
        return str(self.entry["Type"])

    def description(self) -> dict[str, Any]:
        members = {
            "StepName": self.name,
            "StepDisplayName": self.entry.get("DisplayName"),
            "StepDescription": self.entry.get("Description"),
            "StartTime": self.started,
            "EndTime": self.ended,
            "StepStatus": self.status,
            "FailureReason": self.reason,
            "CacheHitResult": {"SourcePipelineExecutionArn": self.cached_from} if self.cached_from else None,
            "SelectiveExecutionResult": {"SourcePipelineExecutionArn": self.reused_from} if self.reused_from else None,
        }
        return {**{k: v for k, v in members.items() if v}, "Metadata": self.metadata, "AttemptCount": self.number}


@dataclass
class Execution:
    arn: str
    pipeline: Pipeline
    version: Version
    created: datetime
    modified: datetime
    members: Members  # of the request: display name, description, parallelism, selective execution
    parameters: dict[str, str]  # of the request
    scope: Scope
    selected: frozenset[str] | None = None  # None: every step
    status: str = ""
    reason: str = ""
    runs: dict[str, StepRun] = field(default_factory=dict)  # in the order of their start

    @property
    def id(self) -> str:
        return self.arn.rsplit("/", 1)[-1]

    @property
    def role_arn(self) -> str:
        return str(self.pipeline.members["RoleArn"])

    @property
    def over(self) -> bool:
        return self.status in ("Succeeded", "Failed", "Stopped")

    @property
    def most_at_once(self) -> int:
        limits = self.members.get("ParallelismConfiguration") or self.pipeline.members.get("ParallelismConfiguration")
        return int(limits["MaxParallelExecutionSteps"]) if limits else len(self.version.graph.entries)

    def in_status(self, *statuses: str) -> Iterator[StepRun]:
        return (run for run in self.runs.values() if run.status in statuses)

    def summary(self) -> dict[str, Any]:
        members = {
            "PipelineExecutionArn": self.arn,
            "StartTime": self.created,
            "PipelineExecutionStatus": self.status,
            "PipelineExecutionDescription": self.members.get("PipelineExecutionDescription"),
            "PipelineExecutionDisplayName": self.members["PipelineExecutionDisplayName"],
            "PipelineExecutionFailureReason": self.reason,
            "PipelineVersionAliases": list(self.version.aliases),
        }
        return {name: value for name, value in members.items() if value}

    def description(self) -> dict[str, Any]:
        members = {
            "PipelineArn": self.pipeline.arn,
            "PipelineExecutionArn": self.arn,
            "PipelineExecutionStatus": self.status,
            "FailureReason": self.reason,
            "CreationTime": self.created,
            "LastModifiedTime": self.modified,
            "PipelineVersionId": self.version.number,
            "PipelineVersionAliases": list(self.version.aliases),
            "ParallelismConfiguration": self.pipeline.members.get("ParallelismConfiguration"),
            **self.members,
        }
        return {**{k: v for k, v in members.items() if v}, "CreatedBy": {}, "LastModifiedBy": {}}


class ExecutionStore:
    """All executions, in the order of their start."""

    def __init__(self) -> None:
        self._executions: dict[str, Execution] = {}  # by ARN

    def __iter__(self) -> Iterator[Execution]:
        return iter(self._executions.values())

    def add(self, execution: Execution) -> None:
        self._executions[execution.arn] = execution

    def get(self, arn: str) -> Execution | None:
        return self._executions.get(arn)

    def of(self, pipeline: Pipeline) -> list[Execution]:
        return [execution for execution in self if execution.pipeline is pipeline]

    def delete(self, execution: Execution) -> None:
        del self._executions[execution.arn]

    def clear(self) -> None:
        self._executions.clear()
