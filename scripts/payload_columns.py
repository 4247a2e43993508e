"""Checks that all formats share: the model's columns must be present, and every cell must convert."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pyarrow as pa

from cells import Cells
from csv_rows import Places
from features import Features
from http_errors import HttpError
from raw_columns import BadRow


def check_names(sent: Iterable[str], names: Sequence[str], where: str = "") -> None:
    counts = Counter(iter(sent))  # of the names, also where an object of JSON is passed
    missing = [f'"{name}"' for name in names if not counts[name]]
    if missing:
        more = f" and {len(missing) - 5} more" if len(missing) > 5 else ""
        subject = f"column {missing[0]} is" if len(missing) == 1 else f"columns {', '.join(missing[:5])}{more} are"
        raise HttpError(400, f"{where}{subject} missing; a value may be empty or null, a column may not")
    twice = next((name for name in names if counts[name] > 1), None)
    if twice is not None:
        raise HttpError(400, f'{where}column "{twice}" occurs twice')


def bad_row(row: int, bad: BadRow, advice: str = "") -> HttpError:
    return HttpError(400, f"row {row + 1}{':' if bad.column else ''} {bad.sentence}{advice}")


def table(
    convert: Callable[[str, Cells], tuple[pa.Array, Places]], cell: Callable[[str, int], Any], features: Features
) -> pa.Table:
    """Column by column; of all wrong cells the first one of the first such row is reported."""
    columns, wrong = {}, []
    for position, (name, cells) in enumerate(features.cells.items()):
        columns[name], bad = convert(name, cells)
        if bad.any():
            wrong.append((int(bad.argmax()), position, name, cells.refusal))
    if wrong:
        row, _, name, refusal = min(wrong)
        value = cell(name, row)
        text = value if isinstance(value, str) else json.dumps(value, default=str)
        raise bad_row(row, BadRow(row, 0, refusal, "", name, text))
    return pa.table(columns)
