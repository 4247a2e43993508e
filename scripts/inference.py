"""The inference handler: SageMaker's container calls ``model_fn`` and ``transform_fn``.

``respond`` parses and encodes the rows as preprocess does and predicts through ``predict_matrix``, which evaluate calls
as well. A refusal is returned: AWS's image makes a 500 of whatever is raised, and a 500 rolls a release back. An
unexpected error is returned as well, as only a response can carry the label that says which package failed.
"""

from __future__ import annotations

import itertools
import json
import traceback
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

import algorithms
import calibration
import explanations
import prediction_writer
import warm_up
from algorithms import Predictor
from calibration import Calibration
from features import Features, Matrix
from http_errors import HttpError
from http_responses import ErrorResponse, HttpResponse
from payloads import decode, receive
from prediction_writer import Prediction, Response

REQUESTS = itertools.count(1)  # of this worker
FAILED = "the model failed at this request: the endpoint's log has the traceback"


@dataclass(frozen=True)
class Model:
    predictor: Predictor
    features: Features
    metadata: dict[str, Any]
    calibration: Calibration | None = None  # of a classification


def load(model_dir: str | Path) -> Model:
    folder = Path(model_dir)
    features = Features.read(folder / "features.json")
    features.own.check_file()
    metadata = json.loads((folder / "metadata.json").read_text())
    if not isinstance(metadata, dict):
        raise ValueError("metadata.json is not an object")
    algorithm = algorithms.of_metadata(metadata)
    predictor = algorithm.load((folder / algorithm.file).read_bytes(), features)
    return Model(predictor, features, metadata, calibration.of_metadata(metadata))


def predict_matrix(model: Model, matrix: Matrix) -> Prediction:
    """Any number of encoded rows; the prediction of a row does not depend on the others."""
    output = model.predictor.predict(matrix)
    no_labels, no_values = np.empty(0, np.int64), np.empty(0, np.float32)
    if model.features.problem == "regression":
        return Prediction(no_labels, output, np.empty((len(matrix), 0), np.float32))
    shares = output if model.features.problem == "multiclass" else np.column_stack([1 - output, output])
    if model.calibration:
        shares = model.calibration.apply(shares)
    if model.features.problem == "multiclass":
        return Prediction(shares.argmax(axis=1), no_values, shares)
    threshold = model.metadata.get("threshold")
    positive = shares[:, 1] >= np.float32(0.5 if threshold is None else threshold)
    return Prediction(positive.astype(np.int64), no_values, shares)


def model_fn(model_dir: str) -> Model:
    model = load(model_dir)
    predict_matrix(model, np.full((1, len(model.features.columns)), np.nan, np.float32))  # a broken model fails here
    warm_up.run(Path(model_dir), model.features, partial(respond, model))
    return model


def transform_fn(
    model: Model, body: bytes | str, content_type: str | None, accept: str | None
) -> HttpResponse | ErrorResponse:
    request = next(REQUESTS)
    try:
        return HttpResponse(request, *respond(model, body, content_type, accept))
    except HttpError as refusal:
        return ErrorResponse(request, refusal)
    except Exception as error:  # noqa: BLE001 - it is logged, and the response says so
        traceback.print_exception(error)
        return ErrorResponse(request, HttpError(500, FAILED))


def respond(model: Model, body: bytes | str, content_type: str | None, accept: str | None) -> tuple[bytes, str]:
    """The body and its content type."""
    data = receive(body, content_type)
    table = model.features.derive(decode(data, model.features))
    matrix = model.features.encode(table)
    _check_finite(matrix, table, model.features)
    prediction = predict_matrix(model, matrix)
    name, parameters = prediction_writer.choose(data.format, accept)
    count = explanations.requested(parameters, len(matrix))
    explained = (
        explanations.explain(model.predictor, model.features, matrix, table, prediction.labels, count)
        if count
        else None
    )
    return prediction_writer.write(Response(prediction, model.features, explained), name, parameters), name


def _check_finite(matrix: Matrix, table: pa.Table, features: Features) -> None:
    if np.isinf(matrix).any():
        row, position = (int(number) for number in np.argwhere(np.isinf(matrix))[0])
        name = features.names[position]
        raise HttpError(400, f'row {row + 1}: column "{name}" holds {table[name][row]}, which is too large a number')
