"""The events of executions and steps, in AWS's own layout."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from localcloud.services.sagemaker.event_times import ISO
from localcloud.services.sagemaker.pipelines.records import Execution, StepRun

EXECUTION = "SageMaker Model Building Pipeline Execution Status Change"
STEP = "SageMaker Model Building Pipeline Execution Step Status Change"
Emit = Callable[[str, str, Mapping[str, Any], list[str]], None]


def emit_execution_change(emit: Emit, execution: Execution, previous: str) -> None:
    detail = {
        "pipelineExecutionDescription": execution.members.get("PipelineExecutionDescription"),
        "pipelineExecutionDisplayName": execution.members["PipelineExecutionDisplayName"],
        "currentPipelineExecutionStatus": execution.status,
        "previousPipelineExecutionStatus": previous,
        "executionStartTime": _time(execution.created),
        "executionEndTime": _time(execution.modified) if execution.over else None,
    }
    _emit(emit, EXECUTION, execution, detail)


def emit_step_change(emit: Emit, execution: Execution, run: StepRun, previous: str) -> None:
    detail = {
        "stepStartTime": _time(run.started),
        "stepEndTime": _time(run.ended),
        "stepName": run.name,
        "stepType": run.kind,
        "previousStepStatus": previous,
        "currentStepStatus": run.status,
        "failureReason": run.reason,
        "cacheHitResult": {"sourcePipelineExecutionArn": run.cached_from} if run.cached_from else None,
    }
    _emit(emit, STEP, execution, {"metadata": _camel(run.metadata), **detail})


def _emit(emit: Emit, kind: str, execution: Execution, detail: dict[str, Any]) -> None:
    arns = {"pipelineArn": execution.pipeline.arn, "pipelineExecutionArn": execution.arn}
    present = {name: value for name, value in detail.items() if value not in (None, "")}
    emit("aws.sagemaker", kind, {**present, **arns}, list(arns.values()))


def _camel(value: Any) -> Any:
    """The API's names begin with a capital, those in these events do not."""
    if isinstance(value, dict):
        return {name[:1].lower() + name[1:]: _camel(item) for name, item in value.items()}
    return value


def _time(moment: datetime | None) -> str | None:
    return moment.strftime(ISO) if moment else None
