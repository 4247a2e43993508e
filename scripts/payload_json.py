"""JSON and JSON lines: rows are objects, or arrays in the order of the model's columns.

A string is converted as the same text in CSV; a number in a categorical column becomes its text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from cells import Cells
from csv_rows import Places
from features import Features
from http_errors import HttpError
from number_format import PLAIN
from payload_columns import check_names, table
from raw_columns import from_arrow, from_text, level_text


def read(body: bytes, features: Features) -> pa.Table:
    content = _parse(_text(body), "the request")
    if isinstance(content, dict) and isinstance(content.get("instances"), list):
        content = content["instances"]
    return _rows(content if isinstance(content, list) else [content], features)


def read_lines(body: bytes, features: Features) -> pa.Table:
    lines = enumerate(_text(body).split("\n"), 1)
    return _rows([_parse(line, f"line {number}") for number, line in lines if line.strip(" \t\r")], features)


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise HttpError(400, f"the request is not UTF-8 text at byte {error.start + 1}") from None


def _parse(text: str, place: str) -> Any:
    try:
        return DECODER.decode(text)
    except RecursionError:
        raise HttpError(400, f"{place} is nested too deeply: send objects with plain values") from None
    except ValueError as error:
        raise HttpError(400, f"{place} is not JSON: {error}") from None


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) != len(pairs):
        raise ValueError("a key occurs twice in one object")
    return content


def _integer(text: str) -> int | float:
    return int(text) if len(text) <= MOST_DIGITS else float(text)


MOST_DIGITS = 1000  # Python converts 4,300 at most; a double has 309
DECODER = json.JSONDecoder(object_pairs_hook=_unique_keys, parse_int=_integer)


def _rows(rows: list[Any], features: Features) -> pa.Table:
    kind = list if rows and isinstance(rows[0], list) else dict
    other = next((number for number, row in enumerate(rows, 1) if type(row) is not kind), None)
    if other is not None:
        what = "object" if kind is dict else "array like the first row"
        raise HttpError(400, f"row {other} is not an {what}: send a list of objects")
    if kind is list:
        return _arrays(rows, features)
    try:
        columns = {name: [row[name] for row in rows] for name in features.raw_names}
    except KeyError:
        number, row = next((n, r) for n, r in enumerate(rows, 1) if not r.keys() >= features.cells.keys())
        check_names(row, features.raw_names, f"row {number}: ")
        raise
    return _typed(columns, features)


def _arrays(rows: list[list[Any]], features: Features) -> pa.Table:
    width = len(features.raw)
    for number, row in enumerate(rows, 1):
        if len(row) != width:
            raise HttpError(400, f"row {number} has {len(row)} fields instead of {width}")
    return _typed(dict(zip(features.raw_names, zip(*rows, strict=True), strict=True)), features)


def _typed(columns: Mapping[str, Sequence[Any]], features: Features) -> pa.Table:
    return table(
        lambda name, cells: _from_json(columns[name], cells),
        lambda name, row: columns[name][row],
        features,
    )


def _from_json(values: Sequence[Any], cells: Cells) -> tuple[pa.Array, Places]:
    types = set(map(type, values)) - {type(None)}
    try:
        if types <= {str}:
            return from_text(pa.array(values, pa.string()), cells)
        if types <= {int, float}:
            return from_arrow(pa.array(values, pa.float64()), cells)
    except (ValueError, OverflowError):  # a lone surrogate, an integer beyond 2**53
        pass
    texts = [_as_text(value, cells) for value in values]
    array, wrong = from_text(pa.array(texts, pa.string()), cells)
    lost = [text is None and value is not None and value == value for text, value in zip(texts, values, strict=True)]
    return array, wrong | np.array(lost, bool)


def _as_text(value: Any, cells: Cells) -> str | None:
    """A JSON value as the text of an equal CSV cell; None for null and for values without one."""
    if cells.number != PLAIN and type(value) in (int, float):
        value = cells.number.text(value) if value == value else None
    text = None if value is None or isinstance(value, dict | list) else level_text(value)
    return text if text is None or text.encode(errors="ignore").decode() == text else None
