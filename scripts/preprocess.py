"""The command of the preprocess step: raw CSV or Parquet to three encoded sides, fitted features and a baseline.

Flags and their ranges are here; preprocessing/step.py does the work. Values come from [data] in config/base.toml alone:
no flag has a default but those that may be left out.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from failures import UserError, report
from flags import Parser, parse_early

SPLITS = ("key", "time", "stratified")
PROBLEMS = ("binary", "multiclass", "regression")
FOLDERS = {
    "input": "the raw files, searched recursively (.csv, .csv.gz, .parquet)",
    "train": "output: data.parquet of the training rows",
    "validation": "output: data.parquet of the rows that early stopping watches",
    "test": "output: data.parquet of the rows that evaluation uses, and raw.parquet with the same rows as they came",
    "features": "output: features.json, and sample.csv with raw rows to send to the model",
    "baseline": "output: statistics.json and constraints.json",
    "rejects": "output: rejects.csv with the rows that cannot be used, and summary.json",
}


def main(argv: list[str] | None = None) -> int:
    arguments = sys.argv[1:] if argv is None else argv
    message = parse_early(arguments, "--message")
    return report(lambda: run(arguments), Path(message) if message else None)


def run(arguments: Sequence[str]) -> None:
    options = parser().parse_args(arguments)
    check(options)
    from preprocessing.step import prepare  # not at the top: --help should be fast

    prepare(options)


def parser() -> Parser:
    command = Parser(prog="preprocess.py", description=__doc__, allow_abbrev=False)
    for name, meaning in FOLDERS.items():
        command.add_argument(f"--{name}", type=Path, required=True, metavar="DIR", help=meaning)
    command.add_argument("--message", type=Path, metavar="FILE", help="where the reason of a failure is written")
    add_problem(command)
    add_format(command)
    add_columns(command)
    add_private(command)
    add_limits(command)
    return command


def add_problem(command: Parser) -> None:
    command.add_argument("--target", required=True, metavar="NAME", help="the column to predict")
    command.add_argument("--problem", required=True, choices=PROBLEMS)
    command.add_argument("--positive", default="", metavar="LABEL", help="binary: the label of interest (the last)")


def add_format(command: Parser) -> None:
    command.add_argument("--format", required=True, choices=("auto", "csv", "parquet"))
    command.add_argument("--delimiter", required=True, metavar="CHARACTER")
    marks = ("auto", ".", ",")
    command.add_argument("--decimal", choices=marks, required=True, help="decimal mark, where it is not clear")
    orders = ("auto", "day-first", "month-first")
    command.add_argument("--dates", choices=orders, required=True, help="order of dates such as 03/04/2024")
    command.add_argument(
        "--missing", nargs="*", required=True, metavar="TEXT", help="texts that mean 'no value'; auto: the usual ones"
    )


def add_columns(command: Parser) -> None:
    columns = {
        "key": "rows with equal keys share a side (default: all columns but the target)",
        "ignore": "columns to leave out",
        "categorical": "columns to take as categories",
        "numeric": "columns to take as numbers",
        "facets": "columns whose groups are compared, and no features unless --categorical names them",
    }
    for name, meaning in columns.items():
        command.add_argument(f"--{name}", nargs="*", default=(), metavar="COLUMN", help=meaning)
    command.add_argument("--event-time", default="", metavar="COLUMN", help="when each row happened")
    command.add_argument("--weight", default="", metavar="COLUMN", help="how much each row counts in training")


def add_private(command: Parser) -> None:
    actions = {
        "drop": "columns with private data to leave out",
        "hash": "columns of which only hashes are stored",
        "mask": "columns of which only is stored whether there is a value",
        "keep": "columns that look private and are not",
    }
    for action, meaning in actions.items():
        command.add_argument(f"--private-{action}", nargs="*", default=(), metavar="COLUMN", help=meaning)
    others = ("report", "refuse", "drop")
    command.add_argument("--private-others", choices=others, default="report", help="what to do if others look private")


def add_limits(command: Parser) -> None:
    command.add_argument("--split", choices=SPLITS, required=True, help="how rows are assigned to the three sides")
    command.add_argument("--validation-fraction", type=float, required=True, metavar="F")
    command.add_argument("--test-fraction", type=float, required=True, metavar="F")
    command.add_argument(
        "--max-rejected-fraction", type=float, required=True, metavar="F", help="fail when more rows cannot be used"
    )
    command.add_argument(
        "--rare-level-rows", type=int, required=True, metavar="N", help='a category of fewer training rows is "other"'
    )
    command.add_argument(
        "--max-levels", type=int, required=True, metavar="N", help="a text column of more categories is left out"
    )


def check(options: argparse.Namespace) -> None:
    if len(options.delimiter) != 1 or options.delimiter in '"\r\n' or not options.delimiter.isascii():
        raise UserError(f"data.delimiter is {options.delimiter!r}: it must be one ASCII character, such as , or ;")
    for name in ("validation_fraction", "test_fraction"):
        if not 0 < getattr(options, name) < 1:
            raise UserError(f"data.{name} is {getattr(options, name)}: it must be more than 0 and less than 1")
    if options.validation_fraction + options.test_fraction >= 1:
        raise UserError(
            "data.validation_fraction and data.test_fraction leave nothing to train on: together they must be < 1"
        )
    if not 0 <= options.max_rejected_fraction < 1:
        raise UserError(
            f"data.max_rejected_fraction is {options.max_rejected_fraction}: it must be from 0 to less than 1"
        )
    for name in ("rare_level_rows", "max_levels"):
        if getattr(options, name) < 1:
            raise UserError(f"data.{name} is {getattr(options, name)}: it must be at least 1")
    if len({options.train.resolve(), options.validation.resolve(), options.test.resolve()}) < 3:
        raise UserError("--train, --validation and --test must be three folders: each gets a data.parquet")
    if options.split == "time" and not options.event_time:
        raise UserError("data.split is time, and data.event_time does not say which column has it")
    if options.split == "stratified" and options.problem == "regression":
        raise UserError("data.split is stratified, and a regression has no classes: set it to key or time")
    if options.positive and options.problem != "binary":
        raise UserError(f"problem.positive is for binary problems only, problem.type is {options.problem}: remove it")


if __name__ == "__main__":
    sys.exit(main())
