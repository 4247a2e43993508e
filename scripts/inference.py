"""The model's answer to raw rows: what SageMaker's container calls, and what evaluate judges.

``input_fn`` is not given the model, so it only takes the request in; ``predict_fn`` reads the rows, with the parser
and the encoding of preprocess, and predicts through ``predict_matrix``, which evaluate calls as well.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import xgboost
from features import Features, Matrix
from payloads import CSV, JSON, JSON_LINES, MEDIA, PARQUET, Payload, Rejected, decode, media_type, receive

BLOCK_ROWS = 64  # what one thread of xgboost takes at a time: up to so many rows, further ones would wake for nothing


@dataclass(frozen=True)
class Model:
    booster: xgboost.Booster  # all threads, for many rows
    features: Features
    metadata: dict[str, Any]
    quick: xgboost.Booster  # the same trees on one thread, for few rows


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


def load(model_dir: str | Path) -> Model:
    folder = Path(model_dir)
    features = Features.read(folder / "features.json")
    metadata = json.loads((folder / "metadata.json").read_text())
    boosters = [xgboost.Booster(parameters, model_file=folder / "model.ubj") for parameters in ({}, {"nthread": 1})]
    if boosters[0].num_features() != len(features.columns):
        raise ValueError(
            f"model.ubj was trained on {boosters[0].num_features()} columns, features.json has {len(features.columns)}"
        )
    return Model(boosters[0], features, metadata, boosters[1])


def predict_matrix(model: Model, matrix: Matrix) -> Prediction:
    """Any number of encoded rows; a row's answer does not depend on the rows beside it."""
    booster = model.quick if len(matrix) <= BLOCK_ROWS else model.booster
    output = booster.inplace_predict(matrix, validate_features=False)
    none, nothing = np.empty(0, np.int64), np.empty(0, np.float32)
    if model.features.problem == "regression":
        return Prediction(none, output, np.empty((len(matrix), 0), np.float32))
    if model.features.problem == "multiclass":
        return Prediction(output.argmax(axis=1), nothing, output)
    threshold = model.metadata.get("threshold")
    positive = output >= np.float32(0.5 if threshold is None else threshold)
    return Prediction(positive.astype(np.int64), nothing, np.column_stack([1 - output, output]))


def model_fn(model_dir: str) -> Model:
    model = load(model_dir)
    predict_matrix(model, np.full((1, len(model.features.columns)), np.nan, np.float32))  # a broken model fails here
    return model


def input_fn(body: bytes | str, content_type: str | None) -> Payload:
    return receive(body, content_type)


def predict_fn(data: Payload, model: Model) -> Answer:
    table = decode(data, model.features)
    matrix = model.features.encode(table)
    _check_finite(matrix, table, model.features)
    return Answer(predict_matrix(model, matrix), model.features, data.media)


def output_fn(prediction: Answer, accept: str | None) -> tuple[bytes, str]:
    """The body and its content type."""
    name, parameters = _chosen(accept or "*/*", JSON if prediction.asked == JSON else CSV)
    return FORMATS[MEDIA[name]](prediction, parameters), name


def _check_finite(matrix: Matrix, table: pa.Table, features: Features) -> None:
    if np.isinf(matrix).any():
        row, position = (int(number) for number in np.argwhere(np.isinf(matrix))[0])
        name = features.names[position]
        raise Rejected(400, f'row {row + 1}: column "{name}" holds {table[name][row]}, which is too large a number')


def _chosen(accept: str, usual: str) -> tuple[str, dict[str, str]]:
    """The client's first choice among what there is; equal choices count in the order they are named."""
    choices = [media_type(choice) for choice in accept.split(",")]
    choices.sort(key=lambda choice: -_quality(choice[1]))
    anything = {"*/*": usual, "application/*": JSON, "text/*": CSV}
    for name, parameters in choices:
        known = anything.get(name, name)
        if known in MEDIA and _quality(parameters) > 0:
            return known, parameters
    raise Rejected(406, f'there is no answer as "{accept}": accept one of {", ".join(MEDIA)}')


def _quality(parameters: dict[str, str]) -> float:
    try:
        return float(parameters.get("q", "1"))
    except ValueError:
        return 0.0


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


FORMATS: dict[str, Callable[[Answer, dict[str, str]], bytes]] = {
    CSV: _csv,
    JSON: _json,
    JSON_LINES: _json_lines,
    PARQUET: _parquet,
}
