"""The preprocess step's command: raw CSV or Parquet in, three encoded sides, the fitted features and a baseline out.

Flags and their ranges are here; preprocessing/step.py does the work.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from failures import Refused, report
from flags import Parser, known_early

PROBLEMS = ("binary", "multiclass", "regression")
FOLDERS = {
    "input": "the raw files, searched recursively (.csv, .csv.gz, .parquet)",
    "train": "output: data.parquet of the rows that training sees",
    "validation": "output: data.parquet of the rows that decide when training stops",
    "test": "output: data.parquet of the rows that judge the model",
    "features": "output: features.json, and sample.csv with raw rows to send to the model",
    "baseline": "output: statistics.json and constraints.json",
    "rejects": "output: rejects.csv with the rows that cannot be used, and summary.json",
}


def main(argv: list[str] | None = None) -> int:
    arguments = sys.argv[1:] if argv is None else argv
    message = known_early(arguments, "--message")
    return report(lambda: run(arguments), Path(message) if message else None)


def run(arguments: Sequence[str]) -> None:
    given = parser().parse_args(arguments)
    check(given)
    from preprocessing.step import prepare  # not at the top: --help should not wait for pyarrow

    prepare(given)


def parser() -> Parser:
    command = Parser(prog="preprocess.py", description=__doc__, allow_abbrev=False)
    for name, meaning in FOLDERS.items():
        command.add_argument(f"--{name}", type=Path, required=True, metavar="DIR", help=meaning)
    command.add_argument("--message", type=Path, metavar="FILE", help="where the reason of a failure is written")
    add_problem(command)
    add_format(command)
    add_columns(command)
    add_limits(command)
    return command


def add_problem(command: Parser) -> None:
    command.add_argument("--target", required=True, metavar="NAME", help="the column to predict")
    command.add_argument("--problem", required=True, choices=PROBLEMS)
    command.add_argument("--positive", default="", metavar="LABEL", help="binary: the label of interest (the last)")


def add_format(command: Parser) -> None:
    command.add_argument("--format", default="auto", choices=("auto", "csv", "parquet"))
    command.add_argument("--delimiter", default=",", metavar="CHARACTER")
    command.add_argument("--missing", nargs="*", default=(), metavar="TEXT", help="texts that mean 'no value'")


def add_columns(command: Parser) -> None:
    columns = {
        "key": "rows with equal keys share a side (default: all columns but the target)",
        "ignore": "columns to leave out",
        "categorical": "columns to take as categories",
        "numeric": "columns to take as numbers",
    }
    for name, meaning in columns.items():
        command.add_argument(f"--{name}", nargs="*", default=(), metavar="COLUMN", help=meaning)


def add_limits(command: Parser) -> None:
    command.add_argument("--validation-fraction", type=float, default=0.15, metavar="F")
    command.add_argument("--test-fraction", type=float, default=0.15, metavar="F")
    command.add_argument(
        "--max-rejected-fraction", type=float, default=0.01, metavar="F", help="fail when more rows cannot be used"
    )
    command.add_argument(
        "--rare-level-rows", type=int, default=20, metavar="N", help='a category of fewer training rows is "other"'
    )
    command.add_argument(
        "--max-levels", type=int, default=500, metavar="N", help="a text column of more categories is left out"
    )


def check(given: argparse.Namespace) -> None:
    if len(given.delimiter) != 1 or given.delimiter in '"\r\n' or not given.delimiter.isascii():
        raise Refused(f"data.delimiter is {given.delimiter!r}: it must be one ASCII character, such as , or ;")
    for name in ("validation_fraction", "test_fraction"):
        if not 0 < getattr(given, name) < 1:
            raise Refused(f"data.{name} is {getattr(given, name)}: it must be more than 0 and less than 1")
    if given.validation_fraction + given.test_fraction >= 1:
        raise Refused(
            "data.validation_fraction and data.test_fraction leave nothing to train on: together they must be < 1"
        )
    if not 0 <= given.max_rejected_fraction < 1:
        raise Refused(f"data.max_rejected_fraction is {given.max_rejected_fraction}: it must be from 0 to less than 1")
    for name in ("rare_level_rows", "max_levels"):
        if getattr(given, name) < 1:
            raise Refused(f"data.{name} is {getattr(given, name)}: it must be at least 1")
    if len({given.train.resolve(), given.validation.resolve(), given.test.resolve()}) < 3:
        raise Refused("--train, --validation and --test must be three folders: each gets a data.parquet")
    if given.positive and given.problem != "binary":
        raise Refused(f"problem.positive is only for binary problems, and problem.type is {given.problem}: remove it")


if __name__ == "__main__":
    sys.exit(main())
