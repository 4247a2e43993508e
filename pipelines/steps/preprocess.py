"""Preprocess: splits and encodes the raw files; also writes features, baseline and rejected rows."""

from __future__ import annotations

from sagemaker.mlops.workflow import ProcessingStep

from pipelines.steps.common import CAPACITY, MESSAGE, SERVICE, StepContext, input_folder, output_folder
from settings.model import Settings
from settings.pipeline import ACTIONS, OTHERS

NAME = "Preprocess"
OUTPUTS = ("train", "validation", "test", "features", "baseline", "rejects")
COLUMNS = ("key", "ignore", "categorical", "numeric")


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
    """SageMaker accepts 100 arguments of 256 characters each; the settings refuse longer lists and names."""
    data, problem = settings.data, settings.problem
    words = ["--input", input_folder("data"), "--message", MESSAGE, "--target", data.target, "--problem", problem.type]
    words += [part for name in OUTPUTS for part in (f"--{name}", output_folder(name))]
    words += ["--positive", problem.positive] if problem.positive else []
    words += ["--format", data.format, "--delimiter", data.delimiter, "--decimal", data.decimal]
    words += ["--dates", data.dates]
    for name in ("validation_fraction", "test_fraction", "max_rejected_fraction", "rare_level_rows", "max_levels"):
        words += [_option(name), str(getattr(data, name))]
    words += ["--missing", *data.missing]
    for name in COLUMNS:
        words += [_option(name), *getattr(data, name)] if getattr(data, name) else []
    for action in ACTIONS:
        names = sorted(name for name, one in data.private.items() if one == action and name != OTHERS)
        words += [f"--private-{action}", *names] if names else []
    words += ["--private-others", data.private[OTHERS]] if OTHERS in data.private else []
    return words


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"
