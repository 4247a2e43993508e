"""What waits for a person: packages in the registry, and releases at the deploy pipeline's approval of production."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aws.refusals import is_missing
from settings.model import Settings

PENDING = "PendingManualApproval"
ARN_VARIABLE = "MODEL_PACKAGE_ARN"  # of the step that plans the release


@dataclass(frozen=True)
class PendingRelease:
    package: str  # ARN
    execution: str
    since: datetime
    question: str  # what the approval shows, with the changed predictions
    stage: str
    action: str
    token: str
    behind: int  # releases that wait until this one is answered


def pipeline_name(settings: Settings) -> str:
    return f"{settings.pipeline_name}-deploy"


def packages(settings: Settings, sagemaker: Any, status: str = PENDING) -> list[dict[str, Any]]:
    """The summaries of those with this approval status, the newest first."""
    pages = sagemaker.get_paginator("list_model_packages").paginate(
        ModelPackageGroupName=settings.project.group,
        ModelApprovalStatus=status,
        SortBy="CreationTime",
        SortOrder="Descending",
    )
    try:
        return [summary for page in pages for summary in page["ModelPackageSummaryList"]]
    except Exception as error:
        if is_missing(error):  # the group is created with the first registered model
            return []
        raise


def releases(settings: Settings, codepipeline: Any) -> list[PendingRelease] | None:
    """None: the environment has no deploy pipeline."""
    name = pipeline_name(settings)
    try:
        stages = codepipeline.get_pipeline_state(name=name)["stageStates"]
    except codepipeline.exceptions.PipelineNotFoundException:
        return None
    return [
        _release(codepipeline, name, stage, action)
        for stage in stages
        for action in stage["actionStates"]
        if _waits(action.get("latestExecution", {}))
    ]


def _waits(execution: dict[str, Any]) -> bool:
    return execution.get("status") == "InProgress" and "token" in execution


def _release(codepipeline: Any, pipeline: str, stage: dict[str, Any], action: dict[str, Any]) -> PendingRelease:
    execution = stage["latestExecution"]["pipelineExecutionId"]
    runs = list(_runs(codepipeline, pipeline, execution))
    variables = (run.get("output", {}).get("outputVariables", {}) for run in runs)
    question = next((run for run in runs if run["actionName"] == action["actionName"]), {})
    configuration = question.get("input", {}).get("resolvedConfiguration", {})
    return PendingRelease(
        package=next((values[ARN_VARIABLE] for values in variables if ARN_VARIABLE in values), ""),
        execution=execution,
        since=action["latestExecution"].get("lastStatusChange") or question["startTime"],
        question=configuration.get("CustomData", ""),
        stage=stage["stageName"],
        action=action["actionName"],
        token=action["latestExecution"]["token"],
        behind=len(stage.get("inboundExecutions", [])),
    )


def _runs(codepipeline: Any, pipeline: str, execution: str) -> Iterator[dict[str, Any]]:
    """The newest first."""
    paginator = codepipeline.get_paginator("list_action_executions")
    for page in paginator.paginate(pipelineName=pipeline, filter={"pipelineExecutionId": execution}):
        yield from page["actionExecutionDetails"]
