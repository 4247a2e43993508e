"""Evaluate: measures the model on the test side, compared with the champion, production's model, on the same rows."""

from __future__ import annotations

from typing import Any

from sagemaker.core.workflow.functions import JsonGet
from sagemaker.core.workflow.properties import PropertyFile
from sagemaker.mlops.workflow import ProcessingStep

from pipelines.steps.common import CAPACITY, MESSAGE, SERVICE, StepContext, input_folder, output_folder, output_uri

NAME = "Evaluate"
OUTPUT = "evaluation"
EVALUATION = PropertyFile(name="Evaluation", output_name=OUTPUT, path="evaluation.json")
ARCHIVE = PropertyFile(name="Archive", output_name=OUTPUT, path="archive.json")


def evaluate(context: StepContext, preprocess_step: Any, train_step: Any) -> ProcessingStep:
    """Never cached: the champion changes under the same URI, and a cached result would be about an earlier one."""
    inputs = {
        "model": train_step.properties.ModelArtifacts.S3ModelArtifacts,
        "test": output_uri(preprocess_step, "test"),
        "features": output_uri(preprocess_step, "features"),
        "champion": context.parameters.champion_uri,
    }
    gate = context.settings.quality_gate
    arguments = ["--metric", gate.metric, "--unscorable", gate.champion_unscorable, "--output", output_folder(OUTPUT)]
    arguments += ["--threshold", context.parameters.threshold.to_string()]
    arguments += ["--tolerance", context.parameters.champion_tolerance.to_string()]
    arguments += [part for name in inputs for part in (f"--{name}", input_folder(name))]
    return ProcessingStep(
        name=NAME,
        step_args=context.processor("evaluate.py").run(
            inputs=context.inputs(**inputs),
            outputs=context.outputs("evaluate", OUTPUT),
            arguments=[*arguments, "--message", MESSAGE],
        ),
        property_files=[EVALUATION, ARCHIVE],
        retry_policies=[SERVICE, CAPACITY],
    )


def evaluation_value(path: str) -> JsonGet:
    """A value of evaluation.json."""
    return JsonGet(step_name=NAME, property_file=EVALUATION, json_path=path)


def archive_hash() -> JsonGet:
    """The SHA-256 of the model.tar.gz that was evaluated."""
    return JsonGet(step_name=NAME, property_file=ARCHIVE, json_path="sha256")
