"""QualityGate: the metric must pass its threshold, and the comparison with the champion; otherwise the run fails."""

from __future__ import annotations

from typing import Any

from sagemaker.core.workflow.conditions import (
    ConditionEquals,
    ConditionGreaterThanOrEqualTo,
    ConditionLessThanOrEqualTo,
)
from sagemaker.core.workflow.functions import Join
from sagemaker.mlops.workflow import ConditionStep, FailStep

from pipelines.steps.common import StepContext
from pipelines.steps.evaluate import evaluation_value

NAME = "QualityGate"
FAILED = "QualityGateFailed"
LESS_IS_BETTER = ("log_loss", "brier", "rmse", "mae", "mse")


def quality_gate(context: StepContext, passed: Any, failed: Any) -> ConditionStep:
    """Evaluate compares by the threshold and the tolerance of the run, too: the report says what the gate says."""
    metric = context.settings.quality_gate.metric
    passes = ConditionLessThanOrEqualTo if metric in LESS_IS_BETTER else ConditionGreaterThanOrEqualTo
    return ConditionStep(
        name=NAME,
        conditions=[
            passes(left=evaluation_value("gate.value"), right=context.parameters.threshold),
            ConditionEquals(left=evaluation_value("gate.champion_verdict"), right="pass"),
        ],
        if_steps=[passed],
        else_steps=[failed],
    )


def quality_gate_failed(context: StepContext) -> FailStep:
    metric = context.settings.quality_gate.metric
    needed = "at most" if metric in LESS_IS_BETTER else "at least"
    message = [
        f"quality gate not passed: {metric} is ",
        evaluation_value("gate.value"),
        f", {needed} ",
        context.parameters.threshold,
        " is needed; champion: ",
        evaluation_value("gate.champion_verdict"),
        ", ",
        evaluation_value("gate.champion_reason"),
    ]
    return FailStep(name=FAILED, error_message=Join(on="", values=message))
