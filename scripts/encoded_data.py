"""One side of the encoded data (train, validation or test): checked, then read in batches, never as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from failures import UserError
from features import Features
from training.imbalance import Floats

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

    def tables(self) -> Iterator[pa.Table]:
        names = self.features.names
        rows = max(1, BATCH_CELLS // len(names))
        with readable(self.file):
            for batch in pq.ParquetFile(self.file).iter_batches(rows, columns=names):
                yield pa.Table.from_batches([batch]).select(names)

    def matrices(self) -> Iterator[Floats]:
        for table in self.tables():
            yield np.stack([column.to_numpy() for column in table.columns], axis=1)


def open_side(name: str, folder: Path, features: Features) -> Side:
    """Checks the data by the file's schema and the target column alone."""
    file = folder / "data.parquet"
    if not file.is_file():
        raise UserError(f"the {name} channel has no data.parquet in {folder}: is it the output of preprocess?")
    with readable(file):
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
def readable(file: Path) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        raise UserError(f"{file} cannot be read as Parquet ({error}): run preprocess again") from error
