"""The matrix that XGBoost trains on: a QuantileDMatrix, filled by an iterator that XGBoost consumes several times.

Decoding Parquet is a small part of each pass, and Arrow columns are binned a third faster than a numpy matrix.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pyarrow as pa
import xgboost as xgb

from encoded_data import Side, readable
from failures import UserError
from features import Features
from training.imbalance import Floats

CUT_CELLS = 6_000_000  # with more cells the bins come from an even sample: equally good, in half the time
MIN_CUT_ROWS = 50_000  # of that sample, for any number of columns


def quantiles(
    side: Side,
    max_bin: int,
    threads: int,
    weights: Floats | None,
    between: Callable[[], None],
    reference: Any = None,
) -> Any:
    """The binned matrix; validation is binned with the train side's cuts (its reference)."""
    options = {"max_bin": max_bin, "nthread": threads, "enable_categorical": True, "missing": np.nan}
    with _accepted(side), readable(side.file):
        if reference is None and sample_step(side) > 1:
            reference = xgb.QuantileDMatrix(_sample(side, between), feature_types=side.features.types, **options)
        return xgb.QuantileDMatrix(Rows(side, weights, between), ref=reference, **options)


def sample_step(side: Side) -> int:
    return len(side.labels) // max(MIN_CUT_ROWS, CUT_CELLS // len(side.features.names))


def _sample(side: Side, between: Callable[[], None]) -> pa.Table:
    """Every n-th row, and rows with every level: a category without a bin could not be binned."""
    step, tables, seen = sample_step(side), [_every_level(side.features)], 0
    for table in side.tables():
        between()
        tables.append(table.take(np.arange(-seen % step, len(table), step)))
        seen += len(table)
    return pa.concat_tables(tables).rename_columns([model_name(name) for name in side.features.names])


class Rows(xgb.DataIter):  # type: ignore[misc]
    """Batches of a side, with the weight of each row, if any; ``between`` is called before each, and may raise."""

    def __init__(self, side: Side, weights: Floats | None, between: Callable[[], None]) -> None:
        super().__init__(release_data=True)
        self.side, self.weights, self.between = side, weights, between
        self.names = [model_name(name) for name in side.features.names]
        self.reset()

    def reset(self) -> None:
        self.tables, self.position = self.side.tables(), 0

    def next(self, input_data: Callable[..., None]) -> bool:
        self.between()
        table = next(self.tables, None)
        if table is None:
            return False
        rows = slice(self.position, self.position + len(table))
        self.position += len(table)
        labels, weight = self.side.labels[rows], None if self.weights is None else self.weights[rows]
        types = self.side.features.types
        input_data(data=table.rename_columns(self.names), label=labels, weight=weight, feature_types=types)
        return True


def _every_level(features: Features) -> pa.Table:
    """Rows that hold every code of every category, and no other values."""
    numbers = np.arange(1 + max(len(column.levels) for column in features.columns), dtype=np.float32)
    missing = np.full_like(numbers, np.nan)
    columns = {
        column.name: np.where(numbers <= len(column.levels), numbers, missing)
        if column.kind == "categorical"
        else missing
        for column in features.columns
    }
    return pa.table({name: pa.array(values, pa.float32()) for name, values in columns.items()})


def model_name(column: str) -> str:
    """XGBoost refuses three characters in feature names; similar ones keep the names readable."""
    return column.translate({ord("["): "(", ord("]"): ")", ord("<"): "‹"})


@contextmanager
def _accepted(side: Side) -> Iterator[None]:
    try:
        yield
    except xgb.core.XGBoostError as error:
        reason = str(error).partition("Stack trace")[0].rpartition("Check failed: ")[2]
        raise UserError(f"XGBoost refuses {side.file}: {reason}") from error
