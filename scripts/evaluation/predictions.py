"""Predicts the test side batch by batch and writes the predictions.

Memory holds the predictions, the targets and the columns to slice by, but never the feature matrix.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

import inference
from encoded_data import Side, open_side
from evaluation.outcomes import Outcome
from evaluation.slices import Codes, codes_of, is_sliced
from failures import UserError
from features import Column, Features, Matrix


@dataclass(frozen=True)
class Batch:
    predicted: npt.NDArray[Any]  # class numbers or values
    probabilities: Matrix
    codes: list[Codes]  # of the columns to slice by


def predict(model: inference.Model, test: Path, output: Path) -> tuple[Outcome, dict[Column, Codes]]:
    """Predicts every row of the test side and writes them to ``output`` in order; returns the columns to slice by."""
    side = open_side("test", test, model.features)
    if len(side.labels) < 2:
        raise UserError(f"the test side {side.file} has only 1 row: raise data.test_fraction or add data")
    sliced = [number for number, column in enumerate(model.features.columns) if is_sliced(column)]
    batches: list[Batch] = []
    done = 0
    with pq.ParquetWriter(output, _schema(model.features), compression="zstd") as writer:
        for matrix in side.matrices():
            batch = _predict_batch(model, matrix, sliced)
            writer.write_batch(_record_batch(side.labels[done : done + len(matrix)], batch, model.features))
            batches.append(batch)
            done += len(matrix)
    columns = {
        model.features.columns[number]: np.concatenate([batch.codes[place] for batch in batches])
        for place, number in enumerate(sliced)
    }
    _check_levels(columns, side)
    return _outcome(side, batches), columns


def _check_levels(columns: dict[Column, Codes], side: Side) -> None:
    for column, codes in columns.items():
        highest = 1 if column.kind == "boolean" else len(column.levels)
        if codes.max() > highest:
            raise UserError(
                f"column {column.name!r} of {side.file} holds level {codes.max()} but the model knows {highest}: "
                "use the test side and the model of the same run"
            )


def _predict_batch(model: inference.Model, matrix: Matrix, sliced: list[int]) -> Batch:
    prediction = inference.predict_matrix(model, matrix)
    predicted = prediction.labels if model.features.target.classes else prediction.values
    return Batch(predicted, prediction.probabilities, [codes_of(matrix[:, number]) for number in sliced])


def _schema(features: Features) -> pa.Schema:
    kind = pa.int32() if features.target.classes else pa.float32()
    probabilities = [(f"probability_{name}", pa.float32()) for name in features.target.classes]
    return pa.schema([("target", kind), ("prediction", kind), *probabilities])


def _record_batch(target: npt.NDArray[Any], batch: Batch, features: Features) -> pa.RecordBatch:
    schema = _schema(features)
    columns = [target, batch.predicted, *batch.probabilities.T]
    arrays = [
        pa.array(np.ascontiguousarray(column)).cast(kind) for column, kind in zip(columns, schema.types, strict=True)
    ]
    return pa.record_batch(arrays, schema=schema)


def _outcome(side: Side, batches: list[Batch]) -> Outcome:
    features = side.features
    kind = np.int64 if features.target.classes else np.float64
    return Outcome(
        features.problem,
        features.target.classes,
        side.labels.astype(kind),
        np.concatenate([batch.predicted for batch in batches]).astype(kind),
        np.concatenate([batch.probabilities for batch in batches]),
    )
