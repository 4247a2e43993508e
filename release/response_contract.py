"""The contract of a model's answers: as many as rows were sent, of the problem's kind, probabilities that are some.

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

TOLERANCE = 1e-3  # of a sum of rounded float32
Table = list[Mapping[str, Any]]


class Broken(Exception):
    """One sentence: what is wrong with the answer."""


@dataclass(frozen=True)
class Row:
    label: Any = None
    probabilities: Sequence[Any] = ()
    value: Any = None


def checked(body: bytes, content_type: str, count: int, problem: str) -> str:
    """What was answered, in a few words; raises Broken."""
    rows = _rows(body, content_type.partition(";")[0].strip().lower(), problem)
    if len(rows) != count:
        raise Broken(f"{count} rows were sent and {len(rows)} answered")
    for number, row in enumerate(rows, 1):
        if fault := _fault(row, problem):
            raise Broken(f"answer {number}: {fault}")
    return f"{count} rows, {count} {'values' if problem == 'regression' else 'labels with probabilities'}"


def _fault(row: Row, problem: str) -> str:
    if problem == "regression":
        return "" if _finite(row.value) else f"its value is {row.value!r}, not a number"
    if row.label is None or row.label == "":
        return "it has no label"
    if not row.probabilities:
        return "it has no probabilities"
    wrong = [each for each in row.probabilities if not _finite(each) or not 0 <= float(each) <= 1]
    if wrong:
        return f"the probability {wrong[0]!r} is not within 0 and 1"
    total = sum(map(float, row.probabilities))
    alone = problem == "binary" and len(row.probabilities) == 1
    return "" if alone or abs(total - 1) <= TOLERANCE else f"its probabilities sum to {total:g}, not to 1"


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
                return [_from_object(each) for each in json.loads(body)["predictions"]]
            case "application/jsonlines":
                return [_from_object(json.loads(line)) for line in body.decode().splitlines() if line.strip()]
            case "application/x-parquet":
                return [_from_columns(each) for each in _parquet(body)]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Broken(f"the answer is no {content_type} of predictions: {error}") from None
    raise Broken(f"it answered as {content_type or 'nothing'}, which nobody asked for")


def _from_cells(cells: Sequence[str], problem: str) -> Row:
    return Row(value=cells[0]) if problem == "regression" else Row(cells[0], cells[1:])


def _from_object(told: Mapping[str, Any]) -> Row:
    return Row(told.get("label"), list(told.get("probabilities", {}).values()), told.get("value"))


def _from_columns(told: Mapping[str, Any]) -> Row:
    probabilities = [value for name, value in told.items() if name.startswith("probability_")]
    return Row(told.get("label"), probabilities, told.get("value"))


def _parquet(body: bytes) -> Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        rows: Table = pq.read_table(pa.BufferReader(body)).to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise ValueError(str(error).splitlines()[0]) from None
    return rows
