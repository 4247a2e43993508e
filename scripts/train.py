"""The training step's command: flags and SM_* variables in, a model directory out (the work is in training/step.py)."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from failures import Refused, report
from training import hyperparameters


class Parser(argparse.ArgumentParser):
    """A wrong flag is a reason like any other: it belongs where SageMaker reads reasons, not in a usage text."""

    def error(self, message: str) -> NoReturn:
        raise Refused(f"{message}; train.py --help lists every flag and its range")


def main(argv: list[str] | None = None) -> int:
    arguments = sys.argv[1:] if argv is None else argv
    return report(lambda: run(arguments, os.environ), failure_file(arguments, os.environ))


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


def failure_file(arguments: Sequence[str], environment: Mapping[str, str]) -> Path | None:
    """Known before anything is parsed, so that a wrong flag can be told there too."""
    early = Parser(add_help=False, allow_abbrev=False)
    add_output_dir(early, environment)
    try:
        folder = early.parse_known_args(arguments)[0].output_dir
    except Refused:  # --output-dir without a value: the full parser says so
        folder = environment.get("SM_OUTPUT_DIR")
    return Path(folder) / "failure" if folder else None


def parser(environment: Mapping[str, str]) -> Parser:
    command = Parser(prog="train.py", description=__doc__, allow_abbrev=False)
    add = command.add_argument
    add("--train", metavar="DIR", default=environment.get("SM_CHANNEL_TRAIN"), help="holds data.parquet to learn from")
    add("--validation", metavar="DIR", default=environment.get("SM_CHANNEL_VALIDATION"), help="decides when to stop")
    add("--features", metavar="DIR", default=environment.get("SM_CHANNEL_FEATURES"), help="holds features.json")
    add("--model-dir", metavar="DIR", default=environment.get("SM_MODEL_DIR"), help="where the model goes")
    add("--checkpoints", metavar="DIR", help="kept between interruptions; a job that starts again goes on from here")
    add_output_dir(command, environment)
    hyperparameters.add_flags(command)
    return command


def add_output_dir(command: Parser, environment: Mapping[str, str]) -> None:
    default = environment.get("SM_OUTPUT_DIR")
    command.add_argument("--output-dir", metavar="DIR", default=default, help="where the file 'failure' goes")


if __name__ == "__main__":
    sys.exit(main())
