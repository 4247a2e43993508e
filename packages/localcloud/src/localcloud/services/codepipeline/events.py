"""The events of executions, stages and actions, in AWS's own layout."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from localcloud.core.cloud import Cloud
from localcloud.services.codepipeline.records import ActionRun, Execution

STATES = {
    "InProgress": "STARTED",
    "Succeeded": "SUCCEEDED",
    "Failed": "FAILED",
    "Stopped": "STOPPED",
    "Stopping": "STOPPING",
    "Superseded": "SUPERSEDED",
    "Abandoned": "ABANDONED",
}
RESUMED = "RESUMED"


def emit_execution(cloud: Cloud, execution: Execution, state: str = "") -> None:
    trigger = {"trigger-type": execution.trigger["triggerType"], "trigger-detail": execution.trigger["triggerDetail"]}
    detail = {"execution-trigger": trigger, "state": state or STATES[execution.status]}
    if execution.rollback_to:
        detail |= {"execution-type": "ROLLBACK", "rollback-target-execution-id": execution.rollback_to}
    _emit(cloud, "Pipeline", execution, execution.started, detail)


def emit_stage(cloud: Cloud, execution: Execution, stage: str, state: str) -> None:
    _emit(cloud, "Stage", execution, cloud.clock.now(), {"stage": stage, "state": state})


def emit_action(cloud: Cloud, execution: Execution, run: ActionRun) -> None:
    result: dict[str, Any] = {
        "external-execution-url": run.url,
        "external-execution-summary": run.error.get("message") or run.summary,
        "external-execution-id": run.external_id,
        "error-code": run.error.get("code", ""),
    }
    detail: dict[str, Any] = {
        "stage": run.stage,
        "action": run.name,
        "action-execution-id": run.id,
        "state": STATES[run.status],
        "region": cloud.region,
        "type": dict(run.declaration["actionTypeId"]),
        "execution-result": {name: value for name, value in result.items() if value},
        "input-artifacts": [artifact.describe() for artifact in run.inputs],
        "output-artifacts": [artifact.describe() for artifact in run.outputs],
    }
    optional = ("execution-result", "input-artifacts", "output-artifacts")
    members = {name: value for name, value in detail.items() if value or name not in optional}
    _emit(cloud, "Action", execution, run.started, members)


def _emit(cloud: Cloud, kind: str, execution: Execution, since: datetime, detail: dict[str, Any]) -> None:
    common = {
        "pipeline": execution.pipeline,
        "execution-id": execution.id,
        "start-time": f"{since:%Y-%m-%dT%H:%M:%S}.{since.microsecond // 1000:03d}Z",
        "version": float(execution.version),
        "pipeline-execution-attempt": float(execution.attempt),
    }
    arn = cloud.arn("codepipeline", execution.pipeline)
    cloud.emit("aws.codepipeline", f"CodePipeline {kind} Execution State Change", {**common, **detail}, [arn])
