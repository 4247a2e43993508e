"""The operations on executions: start, stop, retry, roll back, describe, list."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any

from localcloud.core.access.caller import caller
from localcloud.core.cloud import Cloud
from localcloud.core.paging import paged
from localcloud.core.refusal import Refusal
from localcloud.core.service import Part, operation
from localcloud.runtime.git_repository import GitProblem, Repository
from localcloud.services.codepipeline.engine import Engine
from localcloud.services.codepipeline.events import emit_execution
from localcloud.services.codepipeline.pipelines import PAGES, Pipelines
from localcloud.services.codepipeline.providers import provider
from localcloud.services.codepipeline.records import FAILED, STOPPED, STOPPING, SUCCEEDED, Execution, Pipeline

MAX_EXECUTIONS = 50
REVISIONS = {
    "CodeStarSourceConnection": ("COMMIT_ID",),
    "CodeCommit": ("COMMIT_ID",),
    "S3": ("S3_OBJECT_VERSION_ID", "S3_OBJECT_KEY"),
}


class Executions(Part):
    def __init__(self, cloud: Cloud, pipelines: Pipelines, engine: Engine) -> None:
        self.cloud, self.pipelines, self.engine = cloud, pipelines, engine
        pipelines.on_create, engine.on_rollback = self._start_new, self._roll_back_automatically

    @operation("StartPipelineExecution")
    def start_pipeline_execution(self, request: dict[str, Any]) -> dict[str, Any]:
        """A repeated client token starts nothing."""
        pipeline = self.pipelines.get(request["name"])
        token = request.get("clientRequestToken")
        if token in pipeline.tokens:
            return {"pipelineExecutionId": pipeline.tokens[token]}
        variables = {variable["name"]: variable["value"] for variable in request.get("variables", [])}
        trigger = {"triggerType": "StartPipelineExecution", "triggerDetail": caller().arn}
        overrides = _overrides(pipeline, request.get("sourceRevisions", []))
        execution = self.start(pipeline, trigger, variables, overrides)
        if token:
            pipeline.tokens[token] = execution.id
        return {"pipelineExecutionId": execution.id}

    def start(
        self,
        pipeline: Pipeline,
        trigger: dict[str, str],
        variables: Mapping[str, str] | None = None,
        overrides: dict[str, dict[str, str]] | None = None,
    ) -> Execution:
        """Under the lock."""
        active = sum(execution.active for execution in pipeline.executions.values())
        if active >= MAX_EXECUTIONS:
            sentence = f"Pipeline {pipeline.name} has {active} active executions; that is the limit."
            raise Refusal("ConcurrentPipelineExecutionsLimitExceededException", sentence)
        values = _variables(pipeline, variables or {})
        now = self.cloud.clock.now()
        execution_id = str(uuid.uuid4())
        execution = Execution(execution_id, pipeline.declaration, now, now, trigger, values, overrides or {})
        return self._enter(pipeline, execution)

    def _start_new(self, pipeline: Pipeline) -> None:
        """As on AWS a new pipeline runs at once, but here only with a source and a value for each variable."""
        declared = pipeline.declaration.get("variables", [])
        unset = [variable for variable in declared if not variable.get("defaultValue")]
        if not unset and self._has_sources(pipeline):
            self.start(pipeline, {"triggerType": "CreatePipeline", "triggerDetail": caller().arn})

    def _has_sources(self, pipeline: Pipeline) -> bool:
        repository = Repository.of(self.cloud.folder)
        for action in pipeline.declaration["stages"][0]["actions"]:
            try:
                repository.branch(action["configuration"].get("BranchName", ""))
            except GitProblem:
                return False
        return True

    def _enter(self, pipeline: Pipeline, execution: Execution) -> Execution:
        pipeline.executions[execution.id] = execution
        emit_execution(self.cloud, execution)
        self.engine.arrive(execution)
        return execution

    @operation("StopPipelineExecution")
    def stop_pipeline_execution(self, request: dict[str, Any]) -> dict[str, Any]:
        pipeline, execution = self._find(request)
        abandon = request.get("abandon", False)
        if not execution.active:
            sentence = f"Execution {execution.id} cannot be stopped: it is {execution.status}."
            raise Refusal("PipelineExecutionNotStoppableException", sentence)
        if execution.status == STOPPING and not abandon:
            raise Refusal("DuplicatedStopRequestException", f"Execution {execution.id} is being stopped already.")
        execution.stop_reason = request.get("reason", "")
        execution.status, execution.updated = STOPPING, self.cloud.clock.now()
        emit_execution(self.cloud, execution)
        stage = pipeline.stages[execution.stage["name"]]
        if execution in stage.waiting:
            stage.waiting.remove(execution)
            self.engine.end(execution, STOPPED)
        elif abandon:
            self.engine.abandon(execution)
        return {"pipelineExecutionId": execution.id}

    @operation("RetryStageExecution")
    def retry_stage_execution(self, request: dict[str, Any]) -> dict[str, Any]:
        pipeline, execution = self._find(request)
        self._check_stage(pipeline, request["stageName"])
        run = execution.stages.get(request["stageName"])
        if not run or run.status not in (FAILED, STOPPED) or execution.status not in (FAILED, STOPPED):
            sentence = f"Stage {request['stageName']} of execution {execution.id} has not failed: nothing to retry."
            raise Refusal("StageNotRetryableException", sentence)
        if not self.engine.retryable(execution, run):
            sentence = f"Another execution has entered stage {run.name} since execution {execution.id}."
            raise Refusal("NotLatestPipelineExecutionException", sentence)
        run.manual, run.last_retry = run.manual + 1, "ManualStageRetry"
        self.engine.resume(execution, run, request["retryMode"])
        return {"pipelineExecutionId": execution.id}

    @operation("RollbackStage")
    def rollback_stage(self, request: dict[str, Any]) -> dict[str, Any]:
        pipeline, target = self._find(request, "targetPipelineExecutionId")
        name = request["stageName"]
        self._check_stage(pipeline, name)
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

    def _roll_back_automatically(self, execution: Execution, stage: str) -> None:
        pipeline = self.pipelines.by_name[execution.pipeline]
        for target in reversed(pipeline.executions.values()):
            run = target.stages.get(stage)
            if run and run.status == SUCCEEDED and target.version == execution.version and not target.rollback_to:
                self._roll_back(pipeline, target, stage, "AutomatedRollback", execution.id)
                return

    def _roll_back(self, pipeline: Pipeline, target: Execution, stage: str, kind: str, detail: str = "") -> Execution:
        """Only this stage runs, with the target's artifacts and variables."""
        index = [declared["name"] for declared in target.declaration["stages"]].index(stage)
        now = self.cloud.clock.now()
        trigger = {"triggerType": kind, "triggerDetail": detail or caller().arn}
        execution = Execution(str(uuid.uuid4()), target.declaration, now, now, trigger, dict(target.variables), {})
        execution.stage_index = execution.last_index = index
        execution.artifacts, execution.namespaces = dict(target.artifacts), dict(target.namespaces)
        execution.revisions, execution.rollback_to = list(target.revisions), target.id
        return self._enter(pipeline, execution)

    @operation("GetPipelineExecution")
    def get_pipeline_execution(self, request: dict[str, Any]) -> dict[str, Any]:
        return {"pipelineExecution": self._find(request)[1].describe()}

    @operation("ListPipelineExecutions")
    def list_pipeline_executions(self, request: dict[str, Any]) -> dict[str, Any]:
        """Newest first."""
        executions = list(reversed(self.pipelines.get(request["pipelineName"]).executions.values()))
        if stage := request.get("filter", {}).get("succeededInStage", {}).get("stageName"):
            runs = ((execution, execution.stages.get(stage)) for execution in executions)
            executions = [execution for execution, run in runs if run and run.status == SUCCEEDED]
        summaries = [execution.summarize() for execution in executions]
        return paged(summaries, request, "pipelineExecutionSummaries", limit=100, **PAGES)

    @operation("ListActionExecutions")
    def list_action_executions(self, request: dict[str, Any]) -> dict[str, Any]:
        """Newest first."""
        pipeline, condition = self.pipelines.get(request["pipelineName"]), request.get("filter", {})
        latest = condition.get("latestInPipelineExecution", {})
        execution_id = condition.get("pipelineExecutionId") or latest.get("pipelineExecutionId")
        if execution_id and execution_id not in pipeline.executions:
            sentence = f"Pipeline {pipeline.name} has no execution {execution_id}."
            raise Refusal("PipelineExecutionNotFoundException", sentence)
        executions = [pipeline.executions[execution_id]] if execution_id else list(pipeline.executions.values())
        runs = [
            (run, execution) for execution in executions for stage in execution.stages.values() for run in stage.actions
        ]
        if latest.get("startTimeRange") == "Latest":
            runs = [(run, execution) for run, execution in runs if execution.stages[run.stage].latest(run.name) is run]
        runs.sort(key=lambda pair: pair[0].started)
        details = [run.describe(execution) for run, execution in reversed(runs)]
        return paged(details, request, "actionExecutionDetails", limit=100, **PAGES)

    def _find(self, request: dict[str, Any], key: str = "pipelineExecutionId") -> tuple[Pipeline, Execution]:
        pipeline = self.pipelines.get(request["pipelineName"])
        if request[key] not in pipeline.executions:
            sentence = f"Pipeline {pipeline.name} has no execution {request[key]}."
            raise Refusal("PipelineExecutionNotFoundException", sentence)
        return pipeline, pipeline.executions[request[key]]

    def _check_stage(self, pipeline: Pipeline, name: str) -> None:
        if name not in pipeline.stages:
            raise Refusal("StageNotFoundException", f"Pipeline {pipeline.name} has no stage {name}.")


def _variables(pipeline: Pipeline, requested: Mapping[str, str]) -> dict[str, str]:
    variables = pipeline.declaration.get("variables", [])
    declared = {variable["name"]: variable.get("defaultValue", "") for variable in variables}
    if unknown := sorted(requested.keys() - declared.keys()):
        sentence = (
            f"Pipeline {pipeline.name} declares no variable {unknown[0]}; it has: {', '.join(declared) or 'none'}."
        )
        raise Refusal("ValidationException", sentence)
    values = declared | dict(requested)
    if unset := sorted(name for name, value in values.items() if not value):
        sentence = f"The variable {unset[0]} of pipeline {pipeline.name} has no default: give it a value."
        raise Refusal("ValidationException", sentence)
    return values


def _overrides(pipeline: Pipeline, revisions: list[dict[str, str]]) -> dict[str, dict[str, str]]:
    sources = {action["name"]: provider(action) for action in pipeline.declaration["stages"][0]["actions"]}
    for revision in revisions:
        kinds = REVISIONS.get(sources.get(revision["actionName"], ""), ())
        if revision["revisionType"] not in kinds:
            sentence = f"{json.dumps(revision)} fits no source action of pipeline {pipeline.name}."
            raise Refusal("ValidationException", sentence)
    return {revision["actionName"]: dict(revision) for revision in revisions}
