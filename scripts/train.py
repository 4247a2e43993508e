"""The training step's command: flags and SM_* variables in, a model directory out (the work is in training/step.py)."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from failures import Refused, report
from flags import Parser, known_early
from training import hyperparameters


def main(argv: list[str] | None = None) -> int:
    arguments = sys.argv[1:] if argv is None else argv
    output = known_early(arguments, "--output-dir") or os.environ.get("SM_OUTPUT_DIR")
    return report(lambda: run(arguments, os.environ), Path(output) / "failure" if output else None)


def run(arguments: Sequence[str], environment: Mapping[str, str]) -> None:
    given = parser(environment).parse_args(arguments)
    let_idle_threads_sleep()
    from training.step import Folders, train  # not at the top: xgboost takes seconds to import, --help should not

    folders = Folders(
        train=required(given.train, "--train", "a channel named 'train'"),
        validation=required(given.validation, "--validation", "a channel named 'validation'"),
        features=required(given.features, "--features", "a channel named 'features'"),
        model=required(given.model_dir, "--model-dir", "SM_MODEL_DIR"),
        checkpoints=Path(given.checkpoints) if given.checkpoints else None,
    )
    train(folders, hyperparameters.collect(given))


def let_idle_threads_sleep() -> None:
    """OpenMP's threads spin while they wait for each other. Where other processes want the cores, that costs many times
    the work itself (6 s became 50 s on two shared cores); asleep they cost nothing. Read when xgboost is loaded."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def required(value: str | None, flag: str, source: str) -> Path:
    if not value:
        raise Refused(f"{flag} is missing: give the training job {source}, or pass {flag} DIR")
    return Path(value)


def parser(environment: Mapping[str, str]) -> Parser:
    command = Parser(prog="train.py", description=__doc__, allow_abbrev=False)
    add = command.add_argument
    add("--train", metavar="DIR", default=environment.get("SM_CHANNEL_TRAIN"), help="holds data.parquet to learn from")
    add("--validation", metavar="DIR", default=environment.get("SM_CHANNEL_VALIDATION"), help="decides when to stop")
    add("--features", metavar="DIR", default=environment.get("SM_CHANNEL_FEATURES"), help="holds features.json")
    add("--model-dir", metavar="DIR", default=environment.get("SM_MODEL_DIR"), help="where the model goes")
    add("--checkpoints", metavar="DIR", help="kept between interruptions; a job that starts again goes on from here")
    add("--output-dir", metavar="DIR", default=environment.get("SM_OUTPUT_DIR"), help="where the file 'failure' goes")
    hyperparameters.add_flags(command)
    return command


if __name__ == "__main__":
    sys.exit(main())
