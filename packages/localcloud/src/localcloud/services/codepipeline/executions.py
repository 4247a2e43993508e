"""Executions: started, stopped, retried, rolled back, looked at."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any

from localcloud.core.paging import paged
from localcloud.core.refusal import Refusal
from localcloud.core.service import operation
from localcloud.runtime.git_repository import GitProblem, Repository
from localcloud.services.codepipeline import events
from localcloud.services.codepipeline.engine import Engine
from localcloud.services.codepipeline.pipelines import PAGES
from localcloud.services.codepipeline.providers import provider
from localcloud.services.codepipeline.records import FAILED, STOPPED, STOPPING, SUCCEEDED, Execution, Pipeline

MOST_QUEUED = 50
REVISIONS = {
    "CodeStarSourceConnection": ("COMMIT_ID",),
    "CodeCommit": ("COMMIT_ID",),
    "S3": ("S3_OBJECT_VERSION_ID", "S3_OBJECT_KEY"),
}
NO_TRIGGER = "arn:aws:iam::{account}:root"


class Executions(Engine):
    @operation("StartPipelineExecution")
    def start_pipeline_execution(self, request: dict[str, Any]) -> dict[str, Any]:
        """The same client token again starts nothing."""
        pipeline = self.pipeline(request["name"])
        token = request.get("clientRequestToken")
        if token in pipeline.tokens:
            return {"pipelineExecutionId": pipeline.tokens[token]}
        said = {variable["name"]: variable["value"] for variable in request.get("variables", [])}
        trigger = {"triggerType": "StartPipelineExecution", "triggerDetail": self._somebody()}
        overrides = _overrides(pipeline, request.get("sourceRevisions", []))
        execution = self.start(pipeline, trigger, said, overrides)
        if token:
            pipeline.tokens[token] = execution.id
        return {"pipelineExecutionId": execution.id}

    def start(
        self,
        pipeline: Pipeline,
        trigger: dict[str, str],
        said: Mapping[str, str] | None = None,
        overrides: dict[str, dict[str, str]] | None = None,
    ) -> Execution:
        """Under the lock."""
        queued = sum(not execution.over for execution in pipeline.executions.values())
        if queued >= MOST_QUEUED:
            sentence = f"Pipeline {pipeline.name} has {queued} executions under way; that is the limit."
            raise Refusal("ConcurrentPipelineExecutionsLimitExceededException", sentence)
        variables = _variables(pipeline, said or {})
        now = self.cloud.clock.now()
        number = str(uuid.uuid4())
        execution = Execution(number, pipeline.declaration, now, now, trigger, variables, overrides or {})
        return self._set_off(pipeline, execution)

    def created(self, pipeline: Pipeline) -> None:
        """As on AWS a new pipeline runs at once, but only where it could: with a source, and all variables given."""
        unset = [it for it in pipeline.declaration.get("variables", []) if not it.get("defaultValue")]
        if not unset and self._has_sources(pipeline):
            self.start(pipeline, {"triggerType": "CreatePipeline", "triggerDetail": self._somebody()})

    def _has_sources(self, pipeline: Pipeline) -> bool:
        repository = Repository.of(self.cloud.folder)
        for action in pipeline.declaration["stages"][0]["actions"]:
            try:
                repository.branch(action["configuration"].get("BranchName", ""))
            except GitProblem:
                return False
        return True

    def _set_off(self, pipeline: Pipeline, execution: Execution) -> Execution:
        pipeline.executions[execution.id] = execution
        events.execution_changed(self.cloud, execution)
        self.arrive(execution)
        return execution

    @operation("StopPipelineExecution")
    def stop_pipeline_execution(self, request: dict[str, Any]) -> dict[str, Any]:
        pipeline, execution = self._find(request)
        abandon = request.get("abandon", False)
        if execution.over:
            sentence = f"Execution {execution.id} cannot be stopped: it is {execution.status}."
            raise Refusal("PipelineExecutionNotStoppableException", sentence)
        if execution.status == STOPPING and not abandon:
            raise Refusal("DuplicatedStopRequestException", f"Execution {execution.id} is being stopped already.")
        execution.stop_reason = request.get("reason", "")
        execution.status, execution.updated = STOPPING, self.cloud.clock.now()
        events.execution_changed(self.cloud, execution)
        stage = pipeline.stages[execution.stage["name"]]
        if execution in stage.waiting:
            stage.waiting.remove(execution)
            self.end(execution, STOPPED)
        elif abandon:
            self.abandon(execution)
        return {"pipelineExecutionId": execution.id}

    @operation("RetryStageExecution")
    def retry_stage_execution(self, request: dict[str, Any]) -> dict[str, Any]:
        pipeline, execution = self._find(request)
        self._stage(pipeline, request["stageName"])
        run = execution.stages.get(request["stageName"])
        if not run or run.status not in (FAILED, STOPPED) or execution.status not in (FAILED, STOPPED):
            sentence = f"Stage {request['stageName']} of execution {execution.id} has not failed: nothing to retry."
            raise Refusal("StageNotRetryableException", sentence)
        if not self.retryable(execution, run):
            sentence = f"Another execution has entered stage {run.name} since execution {execution.id}."
            raise Refusal("NotLatestPipelineExecutionException", sentence)
        run.manual, run.last_retry = run.manual + 1, "ManualStageRetry"
        self.resume(execution, run, request["retryMode"])
        return {"pipelineExecutionId": execution.id}

    @operation("RollbackStage")
    def rollback_stage(self, request: dict[str, Any]) -> dict[str, Any]:
        pipeline, target = self._find(request, "targetPipelineExecutionId")
        name = request["stageName"]
        self._stage(pipeline, name)
        if name == pipeline.declaration["stages"][0]["name"]:
            raise Refusal("UnableToRollbackStageException", "The source stage cannot be rolled back.")
        if target.version != pipeline.declaration["version"]:
            sentence = f"Execution {target.id} ran version {target.version} of the pipeline, which has changed since."
            raise Refusal("PipelineExecutionOutdatedException", sentence)
        run = target.stages.get(name)
        if not run or run.status != SUCCEEDED or target.rollback_to:
            sentence = f"Execution {target.id} did not succeed in stage {name}: there is nothing to roll back to."
            raise Refusal("UnableToRollbackStageException", sentence)
        return {"pipelineExecutionId": self._roll_back(pipeline, target, name, "ManualRollback").id}

    def roll_back_by_itself(self, execution: Execution, stage: str) -> None:
        pipeline = self.pipelines[execution.pipeline]
        for target in reversed(pipeline.executions.values()):
            run = target.stages.get(stage)
            if run and run.status == SUCCEEDED and target.version == execution.version and not target.rollback_to:
                self._roll_back(pipeline, target, stage, "AutomatedRollback", execution.id)
                return

    def _roll_back(self, pipeline: Pipeline, target: Execution, stage: str, kind: str, detail: str = "") -> Execution:
        """Only this stage runs, with what the target had."""
        place = [one["name"] for one in target.declaration["stages"]].index(stage)
        now = self.cloud.clock.now()
        trigger = {"triggerType": kind, "triggerDetail": detail or self._somebody()}
        execution = Execution(str(uuid.uuid4()), target.declaration, now, now, trigger, dict(target.variables), {})
        execution.place = execution.last = place
        execution.artifacts, execution.spaces = dict(target.artifacts), dict(target.spaces)
        execution.revisions, execution.rollback_to = list(target.revisions), target.id
        return self._set_off(pipeline, execution)

    @operation("GetPipelineExecution")
    def get_pipeline_execution(self, request: dict[str, Any]) -> dict[str, Any]:
        return {"pipelineExecution": self._find(request)[1].told()}

    @operation("ListPipelineExecutions")
    def list_pipeline_executions(self, request: dict[str, Any]) -> dict[str, Any]:
        """The newest first."""
        found = list(reversed(self.pipeline(request["pipelineName"]).executions.values()))
        if wanted := request.get("filter", {}).get("succeededInStage", {}).get("stageName"):
            runs = ((execution, execution.stages.get(wanted)) for execution in found)
            found = [execution for execution, run in runs if run and run.status == SUCCEEDED]
        told = [execution.summarised() for execution in found]
        return paged(told, request, "pipelineExecutionSummaries", limit=100, **PAGES)

    @operation("ListActionExecutions")
    def list_action_executions(self, request: dict[str, Any]) -> dict[str, Any]:
        """The newest first."""
        pipeline, wanted = self.pipeline(request["pipelineName"]), request.get("filter", {})
        latest = wanted.get("latestInPipelineExecution", {})
        one = wanted.get("pipelineExecutionId") or latest.get("pipelineExecutionId")
        if one and one not in pipeline.executions:
            raise Refusal("PipelineExecutionNotFoundException", f"Pipeline {pipeline.name} has no execution {one}.")
        executions = [pipeline.executions[one]] if one else list(pipeline.executions.values())
        runs = [(run, it) for it in executions for stage in it.stages.values() for run in stage.actions]
        if latest.get("startTimeRange") == "Latest":
            runs = [(run, it) for run, it in runs if it.stages[run.stage].latest(run.name) is run]
        runs.sort(key=lambda pair: pair[0].started)
        found = [run.told(it) for run, it in reversed(runs)]
        return paged(found, request, "actionExecutionDetails", limit=100, **PAGES)

    def _find(self, request: dict[str, Any], key: str = "pipelineExecutionId") -> tuple[Pipeline, Execution]:
        pipeline = self.pipeline(request["pipelineName"])
        if request[key] not in pipeline.executions:
            sentence = f"Pipeline {pipeline.name} has no execution {request[key]}."
            raise Refusal("PipelineExecutionNotFoundException", sentence)
        return pipeline, pipeline.executions[request[key]]

    def _stage(self, pipeline: Pipeline, name: str) -> None:
        if name not in pipeline.stages:
            raise Refusal("StageNotFoundException", f"Pipeline {pipeline.name} has no stage {name}.")

    def _somebody(self) -> str:
        return NO_TRIGGER.format(account=self.cloud.account)


def _variables(pipeline: Pipeline, said: Mapping[str, str]) -> dict[str, str]:
    declared = {it["name"]: it.get("defaultValue", "") for it in pipeline.declaration.get("variables", [])}
    if unknown := sorted(said.keys() - declared.keys()):
        sentence = (
            f"Pipeline {pipeline.name} declares no variable {unknown[0]}; it has: {', '.join(declared) or 'none'}."
        )
        raise Refusal("ValidationException", sentence)
    values = declared | dict(said)
    if unset := sorted(name for name, value in values.items() if not value):
        sentence = f"The variable {unset[0]} of pipeline {pipeline.name} has no default: give it a value."
        raise Refusal("ValidationException", sentence)
    return values


def _overrides(pipeline: Pipeline, told: list[dict[str, str]]) -> dict[str, dict[str, str]]:
    sources = {action["name"]: provider(action) for action in pipeline.declaration["stages"][0]["actions"]}
    for one in told:
        kinds = REVISIONS.get(sources.get(one["actionName"], ""), ())
        if one["revisionType"] not in kinds:
            sentence = f"{json.dumps(one)} fits no source action of pipeline {pipeline.name}."
            raise Refusal("ValidationException", sentence)
    return {one["actionName"]: dict(one) for one in told}
