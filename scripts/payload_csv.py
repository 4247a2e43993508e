"""CSV with or without a header line."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from csv_rows import split_rows
from features import Features
from http_errors import HttpError
from payload_columns import bad_row, check_names
from raw_columns import first_bad_cell, parse_csv


def read(body: bytes, header: str | None, features: Features) -> pa.Table:
    """``header`` is present, absent, or None if the client did not specify it."""
    names, block = _header(body.lstrip(b"\r\n"), header, features)
    rules = features.cells, features.delimiter
    try:
        return parse_csv(block, names, *rules)
    except pa.ArrowInvalid:
        raise _first_error(block, names, rules) from None


def _header(block: bytes, header: str | None, features: Features) -> tuple[Sequence[str], bytes]:
    """The names of the columns, and the rows without the header line, if any."""
    if header == "absent":
        return features.raw_names, block
    line = re.match(rb"[^\r\n]*", block)[0]  # type: ignore[index]
    try:
        fields = next(csv.reader([line.decode(errors="replace")], delimiter=features.delimiter), [])
    except csv.Error:  # a field beyond the module's limit is no column name
        fields = []
    if header is None and not _is_header(fields, features.raw_names):
        return features.raw_names, block
    check_names(fields, features.raw_names)
    return fields, block[len(line) :]


def _is_header(fields: list[str], names: list[str]) -> bool:
    """A line is a header if it holds most of the model's column names; the error names missing ones."""
    return 2 * len(set(fields).intersection(names)) > len(names)


def _first_error(block: bytes, names: Sequence[str], rules: tuple[Any, ...]) -> HttpError:
    """Finds the first row that does not parse by bisection, then what is wrong with it."""
    rows = split_rows(block, rules[-1], len(names))
    low, high = 0, len(rows.starts)
    while high - low > 1:
        middle = (low + high) // 2
        try:
            parse_csv(block[rows.starts[low] : rows.starts[middle]], names, *rules)
            low = middle
        except pa.ArrowInvalid:
            high = middle
    bad = first_bad_cell(block[rows.starts[low] : rows.ends[low]], names, *rules) if high else None
    if bad is None:
        return HttpError(400, "the request cannot be read as CSV")
    advice = f": the columns are {', '.join(names[:20])}" if "fields" in bad.reason else ""
    return bad_row(low, bad, advice)
