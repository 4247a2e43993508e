"""What GetPipelineState tells, and the transitions between stages."""

from __future__ import annotations

from typing import Any

from localcloud.core.refusal import Refusal
from localcloud.core.service import operation
from localcloud.services.codepipeline.engine import Engine
from localcloud.services.codepipeline.records import ActionRun, Execution, Gate, Pipeline, Stage


class States(Engine):
    @operation("GetPipelineState")
    def get_pipeline_state(self, request: dict[str, Any]) -> dict[str, Any]:
        pipeline = self.pipeline(request["name"])
        return {
            "pipelineName": pipeline.name,
            "pipelineVersion": pipeline.declaration["version"],
            "stageStates": [self._stage_state(pipeline, stage) for stage in pipeline.declaration["stages"]],
            "created": pipeline.created,
            "updated": pipeline.updated,
        }

    @operation("DisableStageTransition")
    def disable_stage_transition(self, request: dict[str, Any]) -> None:
        gate = self._gate(request)
        gate.enabled, gate.reason, gate.changed = False, request["reason"], self.cloud.clock.now()

    @operation("EnableStageTransition")
    def enable_stage_transition(self, request: dict[str, Any]) -> None:
        gate = self._gate(request)
        gate.enabled, gate.reason, gate.changed = True, "", self.cloud.clock.now()
        pipeline = self.pipeline(request["pipelineName"])
        for name in pipeline.stages:
            self.admit(pipeline, name)

    def _gate(self, request: dict[str, Any]) -> Gate:
        pipeline, name = self.pipeline(request["pipelineName"]), request["stageName"]
        if name not in pipeline.stages:
            raise Refusal("StageNotFoundException", f"Pipeline {pipeline.name} has no stage {name}.")
        stage = pipeline.stages[name]
        return stage.inbound if request["transitionType"] == "Inbound" else stage.outbound

    def _stage_state(self, pipeline: Pipeline, declared: dict[str, Any]) -> dict[str, Any]:
        stage = pipeline.stages[declared["name"]]
        told: dict[str, Any] = {
            "stageName": declared["name"],
            "inboundTransitionState": _gate(stage.inbound, self.cloud.account),
            "actionStates": [self._action_state(pipeline, stage, action) for action in declared["actions"]],
        }
        if stage.waiting:
            waiting = [_execution(one, "InProgress") for one in stage.waiting]
            told |= {"inboundExecution": waiting[0], "inboundExecutions": waiting}
        if stage.latest:
            run = stage.latest.stages[declared["name"]]
            stopping = stage.latest.status == "Stopping" and run.status == "InProgress"
            told["latestExecution"] = _execution(stage.latest, "Stopping" if stopping else run.status)
            if run.automatic or run.manual:
                counts = {"autoStageRetryAttempt": run.automatic, "manualStageRetryAttempt": run.manual}
                told["retryStageMetadata"] = {**counts, "latestRetryTrigger": run.last_retry}
        return told

    def _action_state(self, pipeline: Pipeline, stage: Stage, action: dict[str, Any]) -> dict[str, Any]:
        told: dict[str, Any] = {"actionName": action["name"]}
        run = _last_run(pipeline, stage, action["name"])
        if not run:
            return told
        if run.revision:
            found = run.revision
            told["currentRevision"] = {
                "revisionId": found.id,
                "revisionChangeId": found.id,
                "created": found.created,
            }
            told["revisionUrl"] = found.url
        latest = {
            "actionExecutionId": run.id,
            "status": run.status,
            "lastStatusChange": run.updated,
            "summary": run.summary,
            "token": run.token,
            "externalExecutionId": run.external_id,
            "externalExecutionUrl": run.url,
            "errorDetails": run.error,
        }
        told["latestExecution"] = {name: value for name, value in latest.items() if value}
        return told


def _last_run(pipeline: Pipeline, stage: Stage, action: str) -> ActionRun | None:
    """Of the newest execution that came so far."""
    name = next(name for name, one in pipeline.stages.items() if one is stage)
    for execution in reversed(pipeline.executions.values()):
        run = execution.stages.get(name)
        if run and (found := run.latest(action)):
            return found
    return None


def _execution(execution: Execution, status: str) -> dict[str, Any]:
    kind = "ROLLBACK" if execution.rollback_to else "STANDARD"
    return {"pipelineExecutionId": execution.id, "status": status, "type": kind}


def _gate(gate: Gate, account: str) -> dict[str, Any]:
    told: dict[str, Any] = {"enabled": gate.enabled}
    if gate.changed:
        told |= {"lastChangedBy": f"arn:aws:iam::{account}:root", "lastChangedAt": gate.changed}
    return told if gate.enabled else {**told, "disabledReason": gate.reason}
