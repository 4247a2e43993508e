"""Evaluate: the model on the test side, beside the approved champion; for the gate, the registry and people."""

from __future__ import annotations

from typing import Any

from sagemaker.core.workflow.functions import JsonGet
from sagemaker.core.workflow.properties import PropertyFile
from sagemaker.mlops.workflow import ProcessingStep

from pipelines.steps.common import CAPACITY, MESSAGE, SERVICE, Ingredients, input_folder, output_folder, output_uri

NAME = "Evaluate"
OUTPUT = "evaluation"
EVALUATION = PropertyFile(name="Evaluation", output_name=OUTPUT, path="evaluation.json")


def evaluate(given: Ingredients, preprocessed: Any, trained: Any) -> ProcessingStep:
    """Never cached: the champion changes under one address, and a cached verdict would be about an earlier one."""
    places = {
        "model": trained.properties.ModelArtifacts.S3ModelArtifacts,
        "test": output_uri(preprocessed, "test"),
        "champion": given.parameters.champion_evaluation_uri,
    }
    arguments = ["--metric", given.settings.quality_gate.metric, "--output", output_folder(OUTPUT)]
    arguments += [part for name in places for part in (f"--{name}", input_folder(name))]
    return ProcessingStep(
        name=NAME,
        step_args=given.processor("evaluate.py").run(
            inputs=given.inputs(**places),
            outputs=given.outputs("evaluate", OUTPUT),
            arguments=[*arguments, "--message", MESSAGE],
        ),
        property_files=[EVALUATION],
        retry_policies=[SERVICE, CAPACITY],
    )


def evaluated(path: str) -> JsonGet:
    """A number of evaluation.json."""
    return JsonGet(step_name=NAME, property_file=EVALUATION, json_path=path)
