"""Predictions as CSV, JSON, JSON lines or Parquet, written column by column.

Floats are the shortest text that reads back to the same float32.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

import media
from features import Features, Matrix


@dataclass(frozen=True)
class Prediction:
    labels: npt.NDArray[np.int64]  # class numbers; empty for regression
    values: npt.NDArray[np.float32]  # regression; empty otherwise
    probabilities: Matrix  # (rows, classes)


@dataclass(frozen=True)
class Answer:
    prediction: Prediction
    features: Features
    asked: str  # the format of the request


def write(answer: Answer, accept: str | None) -> tuple[bytes, str]:
    """The body and its content type; without a preference JSON answers JSON, and CSV everything else."""
    name, parameters = media.chosen(accept or "*/*", media.JSON if answer.asked == media.JSON else media.CSV)
    return WRITERS[media.FORMATS[name]](answer, parameters), name


def _csv(answer: Answer, parameters: dict[str, str]) -> bytes:
    """label and the probability of the positive class; label and all probabilities; or the value."""
    prediction, classes = answer.prediction, answer.features.target.classes
    if not classes:
        header, rows = ["value"], _texts(prediction.values)
    else:
        first = 1 if answer.features.problem == "binary" else 0
        header = ["label", *(f"probability_{name}" for name in classes[first:])]
        label = _taken([_quoted([name]) for name in classes], prediction.labels)
        columns = [_texts(prediction.probabilities[:, number]) for number in range(first, len(classes))]
        rows = pc.binary_join_element_wise(label, *columns, ",")
    head = _quoted(header).encode() + b"\n" if parameters.get("header") == "present" else b""
    return head + _joined(rows, "\n") + b"\n"


def _json(answer: Answer, _parameters: dict[str, str]) -> bytes:
    return b'{"predictions": [' + _joined(_json_rows(answer), ", ") + b"]}"


def _json_lines(answer: Answer, _parameters: dict[str, str]) -> bytes:
    return _joined(_json_rows(answer), "\n") + b"\n"


def _json_rows(answer: Answer) -> pa.Array:
    """{"label": .., "probabilities": {class: probability}} or {"value": ..}, written column by column."""
    prediction, features = answer.prediction, answer.features
    if not features.target.classes:
        return pc.binary_join_element_wise('{"value": ', _texts(prediction.values), "}", "")
    pieces = ['{"label": ', _taken([json.dumps(label) for label in features.labels], prediction.labels)]
    pieces.append(', "probabilities": {')
    for number, name in enumerate(features.target.classes):
        separator = ", " if number else ""
        pieces += [f"{separator}{json.dumps(name)}: ", _texts(prediction.probabilities[:, number])]
    return pc.binary_join_element_wise(*pieces, "}}", "")


def _parquet(answer: Answer, _parameters: dict[str, str]) -> bytes:
    prediction, features = answer.prediction, answer.features
    columns: dict[str, Any] = {} if features.target.classes else {"value": prediction.values}
    if features.target.classes:
        columns["label"] = _taken(features.labels, prediction.labels)
    for number, name in enumerate(features.target.classes):
        columns[f"probability_{name}"] = np.ascontiguousarray(prediction.probabilities[:, number])
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink)
    return sink.getvalue()


def _joined(rows: pa.Array, separator: str) -> bytes:
    """In one go, because turning the rows into Python texts would take longer than all the rest of the answer."""
    together = pa.ListArray.from_arrays(pa.array([0, len(rows)], pa.int32()), rows)
    content: bytes = pc.binary_join(together, separator)[0].as_buffer().to_pybytes()
    return content


def _texts(numbers: npt.NDArray[np.float32]) -> pa.Array:
    """The shortest text that reads back to the same float32."""
    return pa.array(np.ascontiguousarray(numbers)).cast(pa.string())


def _taken(labels: list[Any], numbers: npt.NDArray[np.int64]) -> pa.Array:
    return pa.array(labels).take(pa.array(numbers))


def _quoted(cells: list[str]) -> str:
    """A CSV line: quotes only where a cell needs them."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(cells)
    return line.getvalue()


WRITERS: dict[str, Callable[[Answer, dict[str, str]], bytes]] = {
    media.CSV: _csv,
    media.JSON: _json,
    media.JSON_LINES: _json_lines,
    media.PARQUET: _parquet,
}
