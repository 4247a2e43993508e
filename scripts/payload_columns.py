"""What all formats have in common: the model's columns must be there, and every cell must convert."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pyarrow as pa

from csv_rows import Places
from features import Features
from raw import NOT_A, BadRow
from rejected import Rejected


def check_names(given: Iterable[str], names: Sequence[str], where: str = "") -> None:
    counts = Counter(given)
    lacking = [f'"{name}"' for name in names if not counts[name]]
    if lacking:
        more = f" and {len(lacking) - 5} more" if len(lacking) > 5 else ""
        subject = f"column {lacking[0]} is" if len(lacking) == 1 else f"columns {', '.join(lacking[:5])}{more} are"
        raise Rejected(400, f"{where}{subject} missing; a value may be empty or null, a column may not")
    twice = next((name for name in names if counts[name] > 1), None)
    if twice is not None:
        raise Rejected(400, f'{where}column "{twice}" occurs twice')


def bad_row(row: int, bad: BadRow, advice: str = "") -> Rejected:
    return Rejected(400, f"row {row + 1}{':' if bad.column else ''} {bad.sentence}{advice}")


def table(
    convert: Callable[[str, str], tuple[pa.Array, Places]], cell: Callable[[str, int], Any], features: Features
) -> pa.Table:
    """Column by column; if cells are wrong, the first wrong one of the first such row is told."""
    columns, wrong = {}, []
    for position, (name, kind) in enumerate(features.kinds.items()):
        columns[name], bad = convert(name, kind)
        if bad.any():
            wrong.append((int(bad.argmax()), position, name, kind))
    if wrong:
        row, _, name, kind = min(wrong)
        value = cell(name, row)
        text = value if isinstance(value, str) else json.dumps(value, default=str)
        raise bad_row(row, BadRow(row, 0, NOT_A[kind], "", name, text))
    return pa.table(columns)
