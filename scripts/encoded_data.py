"""One side of the encoded data (train, validation or test): checked, then read in batches, never as a whole.

XGBoost trains on a QuantileDMatrix, filled by an iterator that XGBoost consumes several times. Decoding Parquet is a
small part of each pass, and Arrow columns are binned a third faster than a numpy matrix.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
import xgboost as xgb

from failures import UserError
from features import Features
from training.imbalance import Floats

CUT_CELLS = 6_000_000  # with more cells the bins come from an even sample: equally good, in half the time
MIN_CUT_ROWS = 50_000  # of that sample, for any number of columns
BATCH_CELLS = 3_000_000  # 12 MB: smaller batches are slower, larger ones only take more memory


@dataclass(frozen=True)
class Side:
    name: str  # as in the log and the metric names
    file: Path
    features: Features
    labels: Floats
    weights: Floats | None = None  # of the rows; None: all count the same

    @property
    def class_counts(self) -> npt.NDArray[np.int64]:
        return np.bincount(self.labels.astype(np.int64), minlength=len(self.features.target.classes))

    @property
    def sample_step(self) -> int:
        return len(self.labels) // max(MIN_CUT_ROWS, CUT_CELLS // len(self.features.names))

    def tables(self) -> Iterator[pa.Table]:
        names = self.features.names
        rows = max(1, BATCH_CELLS // len(names))
        with _readable(self.file):
            for batch in pq.ParquetFile(self.file).iter_batches(rows, columns=names):
                yield pa.Table.from_batches([batch]).select(names)

    def matrices(self) -> Iterator[Floats]:
        for table in self.tables():
            yield np.stack([column.to_numpy() for column in table.columns], axis=1)

    def quantiles(
        self, max_bin: int, threads: int, weights: Floats | None, between: Callable[[], None], reference: Any = None
    ) -> Any:
        """The binned matrix; validation is binned with the train side's cuts (its reference)."""
        options = {"max_bin": max_bin, "nthread": threads, "enable_categorical": True, "missing": np.nan}
        with _readable(self.file):
            if reference is None and self.sample_step > 1:
                sample = self._sample(between)
                reference = xgb.QuantileDMatrix(sample, feature_types=self.features.types, **options)
            return xgb.QuantileDMatrix(Rows(self, weights, between), ref=reference, **options)

    def _sample(self, between: Callable[[], None]) -> pa.Table:
        """Every n-th row, and rows with every level: a category without a bin could not be binned."""
        step, tables, seen = self.sample_step, [_every_level(self.features)], 0
        for table in self.tables():
            between()
            tables.append(table.take(np.arange(-seen % step, len(table), step)))
            seen += len(table)
        return pa.concat_tables(tables).rename_columns([model_name(name) for name in self.features.names])


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


def open_side(name: str, folder: Path, features: Features) -> Side:
    """Checks the data by the file's schema and the target column alone."""
    file = folder / "data.parquet"
    if not file.is_file():
        raise UserError(f"the {name} channel has no data.parquet in {folder}: is it the output of preprocess?")
    with _readable(file):
        _check_columns(file, pq.read_schema(file), features)
        read = pq.read_table(file, columns=[features.target.name, *filter(None, [features.weight])])
        labels = read.column(features.target.name).to_numpy()
        weights = read.column(features.weight).to_numpy() if features.weight else None
    side = Side(name, file, features, labels, weights)
    _check_labels(side)
    return side


def _check_columns(file: Path, schema: pa.Schema, features: Features) -> None:
    for name in [*features.names, *filter(None, [features.weight]), features.target.name]:
        if name not in schema.names:
            raise UserError(f"{file} has no column {name!r}, which features.json names: both must come from one run")
        if schema.field(name).type != pa.float32():
            raise UserError(
                f"column {name!r} of {file} is {schema.field(name).type}, not float32: run preprocess again"
            )


def _check_labels(side: Side) -> None:
    labels, target = side.labels, side.features.target
    if len(labels) == 0:
        raise UserError(f"the {side.name} side has no rows: give it a larger fraction of the data, or more data")
    wrong = labels[~np.isfinite(labels)]
    if target.classes and not len(wrong):
        wrong = labels[~np.isin(labels, np.arange(len(target.classes)))]
    if len(wrong):
        kind = f"class numbers 0 to {len(target.classes) - 1}" if target.classes else "finite numbers"
        raise UserError(f"{len(wrong)} values of {target.name!r} in {side.file}, such as {wrong[0]}, are not {kind}")
    if side.weights is not None and not side.weights.any():
        raise UserError(f"all weights of the {side.name} side are 0 (data.weight): nothing would count")
    if (target.classes or side.name == "train") and (labels == labels[0]).all():
        only = repr(target.classes[int(labels[0])]) if target.classes else f"the value {labels[0]}"
        raise UserError(f"the {side.name} side holds nothing but {only} in {target.name!r}: it needs data that varies")


@contextmanager
def _readable(file: Path) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        raise UserError(f"{file} cannot be read as Parquet ({error}): run preprocess again") from error
    except xgb.core.XGBoostError as error:
        reason = str(error).partition("Stack trace")[0].rpartition("Check failed: ")[2]
        raise UserError(f"XGBoost refuses {file}: {reason}") from error
