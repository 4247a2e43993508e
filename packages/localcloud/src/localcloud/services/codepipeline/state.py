"""GetPipelineState, and the transitions between stages."""

from __future__ import annotations

from typing import Any

from localcloud.core.access.caller import caller
from localcloud.core.cloud import Cloud
from localcloud.core.refusal import Refusal
from localcloud.core.service import Part, operation
from localcloud.services.codepipeline.engine import Engine
from localcloud.services.codepipeline.pipelines import Pipelines
from localcloud.services.codepipeline.records import ActionRun, Execution, Pipeline, Stage, Transition


class States(Part):
    def __init__(self, cloud: Cloud, pipelines: Pipelines, engine: Engine) -> None:
        self.cloud, self.pipelines, self.engine = cloud, pipelines, engine

    @operation("GetPipelineState")
    def get_pipeline_state(self, request: dict[str, Any]) -> dict[str, Any]:
        pipeline = self.pipelines.get(request["name"])
        return {
            "pipelineName": pipeline.name,
            "pipelineVersion": pipeline.declaration["version"],
            "stageStates": [self._stage_state(pipeline, stage) for stage in pipeline.declaration["stages"]],
            "created": pipeline.created,
            "updated": pipeline.updated,
        }

    @operation("DisableStageTransition")
    def disable_stage_transition(self, request: dict[str, Any]) -> None:
        transition = self._transition(request)
        transition.enabled, transition.reason = False, request["reason"]
        transition.changed, transition.changed_by = self.cloud.clock.now(), caller().arn

    @operation("EnableStageTransition")
    def enable_stage_transition(self, request: dict[str, Any]) -> None:
        transition = self._transition(request)
        transition.enabled, transition.reason = True, ""
        transition.changed, transition.changed_by = self.cloud.clock.now(), caller().arn
        pipeline = self.pipelines.get(request["pipelineName"])
        for name in pipeline.stages:
            self.engine.admit(pipeline, name)

    def _transition(self, request: dict[str, Any]) -> Transition:
        pipeline, name = self.pipelines.get(request["pipelineName"]), request["stageName"]
        if name not in pipeline.stages:
            raise Refusal("StageNotFoundException", f"Pipeline {pipeline.name} has no stage {name}.")
        stage = pipeline.stages[name]
        return stage.inbound if request["transitionType"] == "Inbound" else stage.outbound

    def _stage_state(self, pipeline: Pipeline, declared: dict[str, Any]) -> dict[str, Any]:
        stage = pipeline.stages[declared["name"]]
        state: dict[str, Any] = {
            "stageName": declared["name"],
            "inboundTransitionState": _describe_transition(stage.inbound),
            "actionStates": [self._action_state(pipeline, stage, action) for action in declared["actions"]],
        }
        if stage.waiting:
            waiting = [_execution(execution, "InProgress") for execution in stage.waiting]
            state |= {"inboundExecution": waiting[0], "inboundExecutions": waiting}
        if stage.latest:
            run = stage.latest.stages[declared["name"]]
            stopping = stage.latest.status == "Stopping" and run.status == "InProgress"
            state["latestExecution"] = _execution(stage.latest, "Stopping" if stopping else run.status)
            if run.automatic or run.manual:
                counts = {"autoStageRetryAttempt": run.automatic, "manualStageRetryAttempt": run.manual}
                state["retryStageMetadata"] = {**counts, "latestRetryTrigger": run.last_retry}
        return state

    def _action_state(self, pipeline: Pipeline, stage: Stage, action: dict[str, Any]) -> dict[str, Any]:
        state: dict[str, Any] = {"actionName": action["name"]}
        run = _last_run(pipeline, stage, action["name"])
        if not run:
            return state
        if run.revision:
            ids = dict.fromkeys(("revisionId", "revisionChangeId"), run.revision.id)
            state["currentRevision"] = {**ids, "created": run.revision.created}
            state["revisionUrl"] = run.revision.url
        latest = {
            "actionExecutionId": run.id,
            "status": run.status,
            "lastStatusChange": run.updated,
            "summary": run.summary,
            "lastUpdatedBy": run.updated_by,
            "token": run.token,
            "externalExecutionId": run.external_id,
            "externalExecutionUrl": run.url,
            "errorDetails": run.error,
        }
        state["latestExecution"] = {name: value for name, value in latest.items() if value}
        return state


def _last_run(pipeline: Pipeline, stage: Stage, action: str) -> ActionRun | None:
    """The run of the newest execution that has reached the action."""
    name = next(name for name, known in pipeline.stages.items() if known is stage)
    for execution in reversed(pipeline.executions.values()):
        run = execution.stages.get(name)
        if run and (found := run.latest(action)):
            return found
    return None


def _execution(execution: Execution, status: str) -> dict[str, Any]:
    kind = "ROLLBACK" if execution.rollback_to else "STANDARD"
    return {"pipelineExecutionId": execution.id, "status": status, "type": kind}


def _describe_transition(transition: Transition) -> dict[str, Any]:
    state: dict[str, Any] = {"enabled": transition.enabled}
    if transition.changed:
        state |= {"lastChangedBy": transition.changed_by, "lastChangedAt": transition.changed}
    return state if transition.enabled else {**state, "disabledReason": transition.reason}
