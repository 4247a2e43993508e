"""The pipeline: Preprocess -> Train -> Evaluate -> QualityGate -> Register, or fail with the numbers.

``compile`` is a pure function of the settings, the files of scripts/ and the commit that a build gives: no call, no
network, nothing of this machine. The same tree gives the same bytes everywhere.

Step caching compares a step's image, arguments, environment, inputs, hyperparameters and checkpoint URI. It ignores
where outputs go: they lie under the execution's ID, and a cached step passes on those of the earlier run.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import partial
from pathlib import Path, PurePath
from typing import Any

from aws import sessions
from pipelines import bundle, image
from pipelines.commit import UNKNOWN
from pipelines.declarations import champion_uri
from pipelines.job_names import name_jobs
from settings.errors import Problem
from settings.model import Settings

PREFIX = "algorithm_"  # of their files
SCRIPTS = Path(__file__).resolve().parents[1] / "scripts"
NO_CHAMPION = b'{"champion": "none"}\n'


@dataclass(frozen=True)
class Compiled:
    name: str
    body: str  # canonical JSON
    uploads: dict[str, bytes]  # S3 URI, addressed by content -> content
    initial_objects: dict[str, bytes]  # S3 URI -> content, put only where no object exists


def compile(settings: Settings, scripts: Path = SCRIPTS, commit: str = UNKNOWN) -> Compiled:
    code, uploads = _read_scripts(scripts, settings.training.algorithm), dict[str, bytes]()
    code_uri = bundle.add(uploads, settings.prefix, code)
    with sessions.offline(settings, partial(_upload, uploads, settings.prefix)) as session:
        definition = _definition(settings, commit, session, code_uri, bundle.digest(code))
        initial_objects = _initial_objects(settings)
    return Compiled(settings.pipeline_name, canonical(definition), uploads, initial_objects)


def _upload(uploads: dict[str, bytes], prefix: str, path: str) -> str:
    """What the SDK would send to S3 goes into ``uploads``."""
    return bundle.add(uploads, prefix, bundle.read(Path(path)))


def canonical(definition: dict[str, Any]) -> str:
    return json.dumps(definition, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _definition(settings: Settings, commit: str, session: Any, code_uri: str, code_hash: str) -> dict[str, Any]:
    from sagemaker.mlops.workflow import Pipeline

    from pipelines.parameters import declare
    from pipelines.steps.common import StepContext
    from pipelines.steps.evaluate import evaluate
    from pipelines.steps.preprocess import preprocess
    from pipelines.steps.quality_gate import quality_gate, quality_gate_failed
    from pipelines.steps.register import register
    from pipelines.steps.train import train

    parameters = declare(settings, commit)
    context = StepContext(settings, session, parameters, image.uri(settings.aws.region), code_uri, code_hash)
    preprocess_step = preprocess(context)
    train_step = train(context, preprocess_step)
    evaluate_step = evaluate(context, preprocess_step, train_step)
    register_step = register(context, preprocess_step, train_step, evaluate_step)
    gate = quality_gate(context, passed=register_step, failed=quality_gate_failed(context))
    pipeline = Pipeline(
        name=settings.pipeline_name,
        parameters=parameters.as_list(),
        pipeline_experiment_config=None,  # its default depends on the region and needs more permissions
        steps=[preprocess_step, train_step, evaluate_step, gate],
        sagemaker_session=session,
    )
    definition = {key: value for key, value in json.loads(pipeline.definition()).items() if value is not None}
    name_jobs(definition["Steps"], settings.job_prefix)
    return definition


def _read_scripts(scripts: Path, algorithm: str) -> dict[str, bytes]:
    """All files of the folder: the scripts import each other."""
    code = bundle.read(scripts) if scripts.is_dir() else {}
    if "train.py" not in code:
        raise Problem(f"{scripts} has no train.py: run the command from a checkout of the repository")
    known = sorted(PurePath(name).stem.removeprefix(PREFIX) for name in code if fnmatch(name, f"{PREFIX}*.py"))
    if known and algorithm not in known:
        missing = f"{scripts}/{PREFIX}{algorithm}.py"
        raise Problem(f"training.algorithm = {algorithm!r}: there is no {missing}; there are {', '.join(known)}")
    return code


def _initial_objects(settings: Settings) -> dict[str, bytes]:
    return {f"{champion_uri(settings)}evaluation.json": NO_CHAMPION}
