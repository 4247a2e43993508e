"""Pipelines and their executions, and their descriptions in responses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from localcloud.core.clock import Timer
from localcloud.services.codepipeline.providers import Action, configuration
from localcloud.services.codepipeline.variables import DECLARED, EXECUTION, EXECUTION_ID

RUNNING, SUCCEEDED, FAILED, ABANDONED = "InProgress", "Succeeded", "Failed", "Abandoned"
STOPPING, STOPPED, SUPERSEDED, SKIPPED = "Stopping", "Stopped", "Superseded", "Skipped"
FINAL = (SUCCEEDED, FAILED, STOPPED, SUPERSEDED)


@dataclass(frozen=True)
class Artifact:
    name: str
    bucket: str
    key: str
    revision: str = ""  # of the source

    def describe(self) -> dict[str, Any]:
        return {"name": self.name, "s3location": {"bucket": self.bucket, "key": self.key}}


@dataclass(frozen=True)
class Revision:
    """A source action's result."""

    action: str
    artifact: str
    id: str
    summary: str
    created: datetime
    url: str = ""

    def describe(self) -> dict[str, Any]:
        return {"revisionId": self.id, "revisionSummary": self.summary, "revisionUrl": self.url}


@dataclass
class ActionRun:
    id: str
    stage: str
    declaration: Action
    started: datetime
    updated: datetime
    status: str = RUNNING
    configuration: dict[str, str] = field(default_factory=dict)  # with resolved variables
    inputs: list[Artifact] = field(default_factory=list)
    outputs: list[Artifact] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    revision: Revision | None = None
    external_id: str = ""
    url: str = ""
    summary: str = ""
    error: dict[str, str] = field(default_factory=dict)  # code and message
    token: str = ""  # of a pending approval
    timer: Timer | None = None
    updated_by: str = ""  # who approved or rejected it

    @property
    def name(self) -> str:
        return str(self.declaration["name"])

    @property
    def result(self) -> dict[str, Any]:
        result = {
            "externalExecutionId": self.external_id,
            "externalExecutionSummary": self.summary,
            "externalExecutionUrl": self.url,
            "errorDetails": self.error,
        }
        return {name: value for name, value in result.items() if value}

    def describe(self, execution: Execution) -> dict[str, Any]:
        """As ListActionExecutions does."""
        inputs: dict[str, Any] = {
            "actionTypeId": self.declaration["actionTypeId"],
            "configuration": configuration(self.declaration),
            "resolvedConfiguration": self.configuration,
            "inputArtifacts": [artifact.describe() for artifact in self.inputs],
            **{name: self.declaration[name] for name in ("namespace", "roleArn", "region") if name in self.declaration},
        }
        outputs = {
            "outputArtifacts": [artifact.describe() for artifact in self.outputs],
            "executionResult": self.result,
            "outputVariables": self.variables,
        }
        return {
            "pipelineExecutionId": execution.id,
            "actionExecutionId": self.id,
            "pipelineVersion": execution.version,
            "stageName": self.stage,
            "actionName": self.name,
            "startTime": self.started,
            "lastUpdateTime": self.updated,
            **({"updatedBy": self.updated_by} if self.updated_by else {}),
            "status": self.status,
            "input": inputs,
            "output": outputs,
        }


@dataclass
class StageRun:
    name: str
    actions: list[ActionRun] = field(default_factory=list)  # every attempt
    succeeded: set[str] = field(default_factory=set)  # actions that a retry of the failed ones does not repeat
    failed: set[str] = field(default_factory=set)  # in this attempt
    status: str = RUNNING
    automatic: int = 0  # retries
    manual: int = 0
    last_retry: str = ""

    def latest(self, action: str) -> ActionRun | None:
        return next((run for run in reversed(self.actions) if run.name == action), None)

    @property
    def running(self) -> list[ActionRun]:
        return [run for run in self.actions if run.status == RUNNING]


@dataclass
class Execution:
    id: str
    declaration: Mapping[str, Any]  # the pipeline's at the start
    started: datetime
    updated: datetime
    trigger: dict[str, str]
    variables: dict[str, str]
    overrides: dict[str, dict[str, str]]  # the requested revisions, by source action
    status: str = RUNNING
    summary: str = ""
    attempt: int = 1
    stage_index: int = 0  # of the stage that it is in or waits for
    last_index: int = -1  # the last stage that it enters; -1: the pipeline's last
    stages: dict[str, StageRun] = field(default_factory=dict)
    artifacts: dict[str, Artifact] = field(default_factory=dict)
    namespaces: dict[str, dict[str, str]] = field(default_factory=dict)
    revisions: list[Revision] = field(default_factory=list)
    stop_reason: str | None = None
    rollback_to: str = ""

    @property
    def pipeline(self) -> str:
        return str(self.declaration["name"])

    @property
    def version(self) -> int:
        return int(self.declaration["version"])

    @property
    def mode(self) -> str:
        return str(self.declaration.get("executionMode", "SUPERSEDED"))

    @property
    def active(self) -> bool:
        return self.status not in FINAL

    @property
    def stage(self) -> Mapping[str, Any]:
        stage: Mapping[str, Any] = self.declaration["stages"][self.stage_index]
        return stage

    @property
    def in_last_stage(self) -> bool:
        return self.stage_index == (self.last_index if self.last_index >= 0 else len(self.declaration["stages"]) - 1)

    def all_namespaces(self) -> dict[str, dict[str, str]]:
        """Of actions, and CodePipeline's own."""
        return self.namespaces | {EXECUTION: {EXECUTION_ID: self.id}, DECLARED: self.variables}

    def describe(self) -> dict[str, Any]:
        """As GetPipelineExecution does."""
        revisions = [
            {"name": revision.artifact, "created": revision.created, **revision.describe()}
            for revision in self.revisions
        ]
        return {
            "pipelineName": self.pipeline,
            "pipelineVersion": self.version,
            "pipelineExecutionId": self.id,
            "status": self.status,
            "statusSummary": self.summary,
            "artifactRevisions": revisions,
            "variables": [{"name": name, "resolvedValue": value} for name, value in self.variables.items()],
            **self._kind(),
        }

    def summarize(self) -> dict[str, Any]:
        """As ListPipelineExecutions does."""
        revisions = [{"actionName": revision.action, **revision.describe()} for revision in self.revisions]
        stopped = {"stopTrigger": {"reason": self.stop_reason}} if self.stop_reason is not None else {}
        return {
            "pipelineExecutionId": self.id,
            "status": self.status,
            "statusSummary": self.summary,
            "startTime": self.started,
            "lastUpdateTime": self.updated,
            "sourceRevisions": revisions,
            **stopped,
            **self._kind(),
        }

    def _kind(self) -> dict[str, Any]:
        kind: dict[str, Any] = {"trigger": self.trigger, "executionMode": self.mode, "executionType": "STANDARD"}
        if self.rollback_to:
            target = {"rollbackTargetPipelineExecutionId": self.rollback_to}
            kind |= {"executionType": "ROLLBACK", "rollbackMetadata": target}
        return kind


@dataclass
class Transition:
    """Into or out of a stage; when disabled, it holds executions back."""

    reason: str = ""
    changed: datetime | None = None
    changed_by: str = ""
    enabled: bool = True


@dataclass
class Stage:
    """A stage's executions: those that wait before it, those in it, and the latest."""

    waiting: list[Execution] = field(default_factory=list)
    current: list[Execution] = field(default_factory=list)
    latest: Execution | None = None
    inbound: Transition = field(default_factory=Transition)
    outbound: Transition = field(default_factory=Transition)


@dataclass
class Pipeline:
    declaration: dict[str, Any]
    arn: str
    created: datetime
    updated: datetime
    old_declarations: dict[int, dict[str, Any]] = field(default_factory=dict)  # by version
    stages: dict[str, Stage] = field(default_factory=dict)
    executions: dict[str, Execution] = field(default_factory=dict)  # the oldest first
    tokens: dict[str, str] = field(default_factory=dict)  # the execution's id, by the client's token
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return str(self.declaration["name"])
