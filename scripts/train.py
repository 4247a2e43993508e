"""The command of the training step: reads flags and SM_* variables; training/step.py does the work."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from failures import UserError, report
from flags import Parser, parse_early
from training import hyperparameters


def main(argv: list[str] | None = None) -> int:
    arguments = sys.argv[1:] if argv is None else argv
    output = parse_early(arguments, "--output-dir") or os.environ.get("SM_OUTPUT_DIR")
    return report(lambda: run(arguments, os.environ), Path(output) / "failure" if output else None)


def run(arguments: Sequence[str], environment: Mapping[str, str]) -> None:
    options = parser(environment).parse_args(arguments)
    make_idle_threads_sleep()
    from training.step import Folders, train  # not at the top: xgboost takes seconds to import

    folders = Folders(
        train=require(options.train, "--train", "a channel named 'train'"),
        validation=require(options.validation, "--validation", "a channel named 'validation'"),
        features=require(options.features, "--features", "a channel named 'features'"),
        model=require(options.model_dir, "--model-dir", "SM_MODEL_DIR"),
        checkpoints=Path(options.checkpoints) if options.checkpoints else None,
    )
    train(folders, hyperparameters.collect(options))


def make_idle_threads_sleep() -> None:
    """OpenMP threads spin while they wait for each other. With other processes on the cores that costs many times the
    work itself (6 s became 50 s on two shared cores); sleeping threads cost nothing. Read when xgboost is loaded."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def require(value: str | None, flag: str, source: str) -> Path:
    if not value:
        raise UserError(f"{flag} is missing: give the training job {source}, or pass {flag} DIR")
    return Path(value)


def parser(environment: Mapping[str, str]) -> Parser:
    command = Parser(prog="train.py", description=__doc__, allow_abbrev=False)
    add = command.add_argument
    add("--train", metavar="DIR", default=environment.get("SM_CHANNEL_TRAIN"), help="holds data.parquet to learn from")
    add(
        "--validation",
        metavar="DIR",
        default=environment.get("SM_CHANNEL_VALIDATION"),
        help="data.parquet for early stopping",
    )
    add("--features", metavar="DIR", default=environment.get("SM_CHANNEL_FEATURES"), help="holds features.json")
    add("--model-dir", metavar="DIR", default=environment.get("SM_MODEL_DIR"), help="receives the model")
    add("--checkpoints", metavar="DIR", help="kept across interruptions; a restarted job continues from here")
    add("--output-dir", metavar="DIR", default=environment.get("SM_OUTPUT_DIR"), help="receives the file 'failure'")
    hyperparameters.add_flags(command)
    return command


if __name__ == "__main__":
    sys.exit(main())
