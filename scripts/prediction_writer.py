"""Predictions as CSV, JSON, JSON lines or Parquet, written column by column.

Floats are written as the shortest text that parses to the same float32.
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

import media_types
from explanations import Explanation
from features import Features, Matrix


@dataclass(frozen=True)
class Prediction:
    labels: npt.NDArray[np.int64]  # class numbers; empty for regression
    values: npt.NDArray[np.float32]  # regression; empty otherwise
    probabilities: Matrix  # (rows, classes)


@dataclass(frozen=True)
class Response:
    prediction: Prediction
    features: Features
    explanations: list[Explanation] | None = None  # of each row, all equally long


def choose(request_format: str, accept: str | None) -> tuple[str, dict[str, str]]:
    """The content type and its parameters; without a preference JSON for a JSON request, otherwise CSV."""
    default = media_types.JSON if request_format == media_types.JSON else media_types.CSV
    return media_types.negotiate(accept or "*/*", default)


def write(response: Response, name: str, parameters: dict[str, str]) -> bytes:
    return WRITERS[media_types.FORMATS[name]](response, parameters)


def _csv(response: Response, parameters: dict[str, str]) -> bytes:
    """label and the probability of the positive class; label and all probabilities; or the value."""
    prediction, classes = response.prediction, response.features.target.classes
    if not classes:
        header, rows = ["value"], _texts(prediction.values)
    else:
        first = 1 if response.features.problem == "binary" else 0
        header = ["label", *(f"probability_{name}" for name in classes[first:])]
        label = _take([_quote([name]) for name in classes], prediction.labels)
        columns = [_texts(prediction.probabilities[:, number]) for number in range(first, len(classes))]
        rows = pc.binary_join_element_wise(label, *columns, ",")
    if response.explanations is not None:
        header += _explanation_header(response.explanations)
        rows = pc.binary_join_element_wise(rows, pa.array(map(_explanation_cells, response.explanations)), ",")
    head = _quote(header).encode() + b"\n" if parameters.get("header") == "present" else b""
    return head + _join(rows, "\n") + b"\n"


def _json(response: Response, _parameters: dict[str, str]) -> bytes:
    return b'{"predictions": [' + _join(_json_rows(response), ", ") + b"]}"


def _json_lines(response: Response, _parameters: dict[str, str]) -> bytes:
    return _join(_json_rows(response), "\n") + b"\n"


def _json_rows(response: Response) -> pa.Array:
    """{"label": .., "probabilities": {class: probability}} or {"value": ..}, written column by column."""
    prediction, features = response.prediction, response.features
    end = [] if response.explanations is None else [pa.array(map(_explanation_json, response.explanations))]
    if not features.target.classes:
        return pc.binary_join_element_wise('{"value": ', _texts(prediction.values), *end, "}", "")
    pieces = ['{"label": ', _take([json.dumps(label) for label in features.labels], prediction.labels)]
    pieces.append(', "probabilities": {')
    for number, name in enumerate(features.target.classes):
        separator = ", " if number else ""
        pieces += [f"{separator}{json.dumps(name)}: ", _texts(prediction.probabilities[:, number])]
    return pc.binary_join_element_wise(*pieces, "}", *end, "}", "")


def _explanation_json(parts: Explanation) -> str:
    columns = [
        {"column": part.column, "value": part.value, "contribution": float(str(part.contribution))} for part in parts
    ]
    return f', "explanation": {json.dumps(columns, ensure_ascii=False)}'


def _explanation_header(explanations: list[Explanation]) -> list[str]:
    numbers = range(1, 1 + len(explanations[0])) if explanations else ()
    return [f"{name}_{number}" for number in numbers for name in ("column", "value", "contribution")]


def _explanation_cells(parts: Explanation) -> str:
    """Missing values are empty cells."""
    return _quote([cell for part in parts for cell in (part.column, _text(part.value), str(part.contribution))])


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def _parquet(response: Response, _parameters: dict[str, str]) -> bytes:
    prediction, features = response.prediction, response.features
    columns: dict[str, Any] = {} if features.target.classes else {"value": prediction.values}
    if features.target.classes:
        columns["label"] = _take(features.labels, prediction.labels)
    for number, name in enumerate(features.target.classes):
        columns[f"probability_{name}"] = np.ascontiguousarray(prediction.probabilities[:, number])
    if response.explanations is not None:
        part = {"column": pa.string(), "value": pa.string(), "contribution": pa.float32()}
        rows = [[vars(each) | {"value": _text(each.value)} for each in parts] for parts in response.explanations]
        columns["explanation"] = pa.array(rows, pa.list_(pa.struct(list(part.items()))))
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink)
    return sink.getvalue()


def _join(rows: pa.Array, separator: str) -> bytes:
    """All at once: converting the rows to Python strings would take longer than the rest of the response."""
    together = pa.ListArray.from_arrays(pa.array([0, len(rows)], pa.int32()), rows)
    content: bytes = pc.binary_join(together, separator)[0].as_buffer().to_pybytes()
    return content


def _texts(numbers: npt.NDArray[np.float32]) -> pa.Array:
    """The shortest text that parses to the same float32."""
    return pa.array(np.ascontiguousarray(numbers)).cast(pa.string())


def _take(labels: list[Any], numbers: npt.NDArray[np.int64]) -> pa.Array:
    return pa.array(labels).take(pa.array(numbers))


def _quote(cells: list[str]) -> str:
    """A CSV line: quotes only where a cell needs them."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(cells)
    return line.getvalue()


WRITERS: dict[str, Callable[[Response, dict[str, str]], bytes]] = {
    media_types.CSV: _csv,
    media_types.JSON: _json,
    media_types.JSON_LINES: _json_lines,
    media_types.PARQUET: _parquet,
}
