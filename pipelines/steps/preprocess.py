"""Preprocess: splits and encodes the raw files; also writes features, baseline and rejected rows."""

from __future__ import annotations

from sagemaker.mlops.workflow import ProcessingStep

from pipelines.preprocess_arguments import preprocess_arguments
from pipelines.steps.common import CAPACITY, MESSAGE, SERVICE, StepContext, input_folder, output_folder
from settings.model import Settings

NAME = "Preprocess"
OUTPUTS = ("train", "validation", "test", "features", "baseline", "rejects")


def preprocess(context: StepContext) -> ProcessingStep:
    """Cached by image, arguments, environment and inputs; by the URI of the data, not its content. So the version of
    the data is in the environment: new files under the same URI are a new version, and the step runs again."""
    processor = context.processor("preprocess.py", {"DATA_VERSION": context.parameters.data_version})
    return ProcessingStep(
        name=NAME,
        step_args=processor.run(
            inputs=context.inputs(data=context.parameters.data_uri),
            outputs=context.outputs("preprocess", *OUTPUTS, even_if_failed=("rejects",)),
            arguments=arguments(context.settings),
        ),
        cache_config=context.cache,
        retry_policies=[SERVICE, CAPACITY],
    )


def arguments(settings: Settings) -> list[str]:
    words = ["--input", input_folder("data"), "--message", MESSAGE]
    words += [part for name in OUTPUTS for part in (f"--{name}", output_folder(name))]
    return words + preprocess_arguments(settings)
