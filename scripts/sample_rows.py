"""The raw rows of sample.csv, which preprocess writes beside features.json: the first line names the columns."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from failures import UserError
from features import Features

FILE = "sample.csv"
Row = Sequence[str]


@dataclass(frozen=True)
class SampleRows:
    names: Row
    rows: Sequence[Row]


def read(folder: Path, features: Features) -> SampleRows:
    file = folder / FILE
    try:
        text = file.read_bytes().decode()
    except FileNotFoundError as error:
        raise UserError(f"there is no {FILE} in {folder}: it must be the features output of preprocess") from error
    except (OSError, ValueError) as error:
        raise UserError(f"{file} cannot be read ({error}): run preprocess again") from error
    lines = [tuple(row) for row in csv.reader(io.StringIO(text, newline=""), delimiter=features.delimiter) if row]
    if len(lines) < 2 or list(lines[0]) != features.raw_names or any(len(row) != len(lines[0]) for row in lines):
        raise UserError(f"{file} has no rows of the columns in features.json: run preprocess again")
    return SampleRows(lines[0], lines[1:])


def as_csv(rows: Iterable[Row], delimiter: str) -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return text.getvalue()


def evenly(total: int, count: int) -> list[int]:
    """At most ``count`` numbers below ``total``, evenly spread."""
    return [number * total // count for number in range(count)] if total > count else list(range(total))
