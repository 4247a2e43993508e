"""The model's answer to raw rows: what SageMaker's container calls, and what evaluate judges.

``input_fn`` is not given the model, so it only takes the request in; ``predict_fn`` reads the rows, with the parser
and the encoding of preprocess, and predicts through ``predict_matrix``, which evaluate calls as well.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import xgboost

from answers import Answer, Prediction, write
from features import Features, Matrix
from payloads import Payload, decode, receive
from rejected import Rejected

ONE_THREAD_ROWS = 256  # up to so many, waiting for a second thread on a busy machine costs more than it saves


@dataclass(frozen=True)
class Model:
    booster: xgboost.Booster  # all threads, for many rows
    features: Features
    metadata: dict[str, Any]
    quick: xgboost.Booster  # the same trees on one thread, for few rows


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
    booster = model.quick if len(matrix) <= ONE_THREAD_ROWS else model.booster
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
    return Answer(predict_matrix(model, matrix), model.features, data.format)


def output_fn(prediction: Answer, accept: str | None) -> tuple[bytes, str]:
    """The body and its content type."""
    return write(prediction, accept)


def _check_finite(matrix: Matrix, table: pa.Table, features: Features) -> None:
    if np.isinf(matrix).any():
        row, position = (int(number) for number in np.argwhere(np.isinf(matrix))[0])
        name = features.names[position]
        raise Rejected(400, f'row {row + 1}: column "{name}" holds {table[name][row]}, which is too large a number')
