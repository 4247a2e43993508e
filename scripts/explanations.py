"""Why a prediction: the columns that moved it most, with the client's own values, by the algorithm's contributions.

A client asks in its Accept: ``application/json; explain=3``. The contributions are to the log-odds of the positive
class, to the predicted class's score before it becomes a probability, or to the predicted number, before
calibration; with the bias, those of all columns add up to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from algorithms import Predictor
from features import Features, Matrix
from http_errors import HttpError

PARAMETER = "explain"
MOST_ROWS = 1000  # exact contributions cost a thousand times as much as a prediction


@dataclass(frozen=True)
class Part:
    column: str
    value: Any  # None: missing
    contribution: np.float32


Explanation = list[Part]  # of a row, the largest contribution first


def requested(parameters: Mapping[str, str], rows: int) -> int:
    """How many columns of each row; 0 when the client did not ask."""
    if PARAMETER not in parameters:
        return 0
    text = parameters[PARAMETER]
    if not text.isdecimal() or not text.isascii() or len(text) > 6 or not int(text):
        raise HttpError(400, f"{PARAMETER}={text[:20]} in the Accept is not a number of columns such as {PARAMETER}=3")
    if rows > MOST_ROWS:
        raise HttpError(400, f"{rows} rows are too many to explain in one request: send at most {MOST_ROWS}")
    return int(text)


def explain(
    predictor: Predictor, features: Features, matrix: Matrix, table: pa.Table, labels: npt.NDArray[Any], count: int
) -> list[Explanation]:
    """``labels``: of a multiclass problem, the classes that were predicted."""
    contributions = predictor.contributions(matrix, labels)
    order = np.argsort(-np.abs(contributions), axis=1, kind="stable")[:, :count]
    columns = [table[name] for name in features.names]
    return [
        [Part(features.names[column], _value(columns[column][row]), contributions[row, column]) for column in largest]
        for row, largest in enumerate(order.tolist())
    ]


def _value(cell: pa.Scalar) -> Any:
    value = cell.as_py()
    return None if isinstance(value, float) and np.isnan(value) else value
