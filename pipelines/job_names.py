"""Names of a pipeline's jobs: SageMaker would begin all of an account's with "pipelines-", and no policy could tell
those of two projects apart. A job's name in a definition is a prefix, to which SageMaker adds what is unique.
"""

from __future__ import annotations

from typing import Any

KEYS = {"Processing": "ProcessingJobName", "Training": "TrainingJobName", "Transform": "TransformJobName"}
BRANCHES = ("IfSteps", "ElseSteps")


def name_jobs(steps: list[dict[str, Any]], prefix: str) -> None:
    """In the definition itself: the SDK drops the name of a ModelTrainer's job, whatever PipelineDefinitionConfig says
    (https://github.com/aws/sagemaker-python-sdk/issues/5776)."""
    for step in steps:
        if key := KEYS.get(step["Type"]):
            step["Arguments"][key] = f"{prefix}-{step['Name'].lower()}"
        for branch in BRANCHES:
            name_jobs(step["Arguments"].get(branch, []), prefix)
