"""The contract of a model's responses: one row for each that was sent, of the problem's kind, valid probabilities.

binary: a label, and the probability of the positive class or of both; multiclass: a label and all probabilities;
regression: a value. In CSV, JSON, JSON lines and Parquet.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

PREFIX = "probability_"  # of Parquet columns
TOLERANCE = 1e-3  # of a sum of rounded float32
Table = list[Mapping[str, Any]]


class Violation(Exception):
    """One sentence: what is wrong with the response."""


@dataclass(frozen=True)
class Row:
    label: Any = None
    probabilities: Sequence[Any] = ()
    value: Any = None
    classes: Sequence[str] = ()  # of the probabilities, in formats that name them


def check_response(body: bytes, content_type: str, count: int, problem: str) -> str:
    """Returns what the response contains, in a few words; raises Violation."""
    parse_valid(body, content_type, count, problem)
    return f"{count} rows, {count} {'values' if problem == 'regression' else 'labels with probabilities'}"


def parse_valid(body: bytes, content_type: str, count: int, problem: str) -> list[Row]:
    """One valid row for each that was sent, or Violation."""
    rows = parse_response(body, content_type, count, problem)
    for number, row in enumerate(rows, 1):
        if fault := _fault(row, problem):
            raise Violation(f"row {number}: {fault}")
    return rows


def parse_response(body: bytes, content_type: str, count: int, problem: str) -> list[Row]:
    """One row for each that was sent, or Violation."""
    rows = _rows(body, content_type.partition(";")[0].strip().lower(), problem)
    if len(rows) != count:
        raise Violation(f"{count} rows were sent and {len(rows)} came back")
    return rows


def _fault(row: Row, problem: str) -> str:
    if problem == "regression":
        return "" if _finite(row.value) else f"its value is {row.value!r}, not a number"
    if row.label is None or row.label == "":
        return "it has no label"
    if not row.probabilities:
        return "it has no probabilities"
    wrong = [value for value in row.probabilities if not _finite(value) or not 0 <= float(value) <= 1]
    if wrong:
        return f"the probability {wrong[0]!r} is not within 0 and 1"
    total = sum(map(float, row.probabilities))
    positive_only = problem == "binary" and len(row.probabilities) == 1
    return "" if positive_only or abs(total - 1) <= TOLERANCE else f"its probabilities sum to {total:g}, not to 1"


def _finite(value: Any) -> bool:
    try:
        return not isinstance(value, bool) and math.isfinite(float(value))
    except (TypeError, ValueError):
        return False


def _rows(body: bytes, content_type: str, problem: str) -> list[Row]:
    try:
        match content_type:
            case "text/csv":
                return [_from_cells(cells, problem) for cells in csv.reader(io.StringIO(body.decode())) if cells]
            case "application/json":
                return [_from_object(item) for item in json.loads(body)["predictions"]]
            case "application/jsonlines":
                return [_from_object(json.loads(line)) for line in body.decode().splitlines() if line.strip()]
            case "application/x-parquet":
                return [_from_columns(item) for item in _parquet(body)]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Violation(f"the response is not {content_type} with predictions: {error}") from None
    raise Violation(f"the response is {content_type or 'of no type'}, which was not requested")


def _from_cells(cells: Sequence[str], problem: str) -> Row:
    return Row(value=cells[0]) if problem == "regression" else Row(cells[0], cells[1:])


def _from_object(item: Mapping[str, Any]) -> Row:
    probabilities = item.get("probabilities", {})
    return Row(item.get("label"), list(probabilities.values()), item.get("value"), list(probabilities))


def _from_columns(item: Mapping[str, Any]) -> Row:
    named = {name.removeprefix(PREFIX): value for name, value in item.items() if name.startswith(PREFIX)}
    return Row(item.get("label"), list(named.values()), item.get("value"), list(named))


def _parquet(body: bytes) -> Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        rows: Table = pq.read_table(pa.BufferReader(body)).to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise ValueError(str(error).splitlines()[0]) from None
    return rows
