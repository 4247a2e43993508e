"""The events of executions and steps, in AWS's own layout."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from localcloud.services.sagemaker.pipelines.records import Execution, StepRun

if TYPE_CHECKING:
    from localcloud.core.cloud import Cloud

EXECUTION = "SageMaker Model Building Pipeline Execution Status Change"
STEP = "SageMaker Model Building Pipeline Execution Step Status Change"


def execution_changed(cloud: Cloud, execution: Execution, previous: str) -> None:
    detail = {
        "pipelineExecutionDescription": execution.told.get("PipelineExecutionDescription"),
        "pipelineExecutionDisplayName": execution.told["PipelineExecutionDisplayName"],
        "currentPipelineExecutionStatus": execution.status,
        "previousPipelineExecutionStatus": previous,
        "executionStartTime": _time(execution.created),
        "executionEndTime": _time(execution.modified) if execution.over else None,
    }
    _emit(cloud, EXECUTION, execution, detail)


def step_changed(cloud: Cloud, execution: Execution, run: StepRun, previous: str) -> None:
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
    _emit(cloud, STEP, execution, {"metadata": _camel(run.metadata), **detail})


def _emit(cloud: Cloud, kind: str, execution: Execution, detail: dict[str, Any]) -> None:
    arns = {"pipelineArn": execution.pipeline.arn, "pipelineExecutionArn": execution.arn}
    said = {name: value for name, value in detail.items() if value not in (None, "")}
    cloud.emit("aws.sagemaker", kind, {**said, **arns}, list(arns.values()))


def _camel(value: Any) -> Any:
    """The API's names begin with a capital, those in these events do not."""
    if isinstance(value, dict):
        return {name[:1].lower() + name[1:]: _camel(item) for name, item in value.items()}
    return value


def _time(moment: datetime | None) -> str | None:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None
