"""The second pass: rare texts become "other", labels become class numbers, each side becomes one Parquet file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from features import Features, encode_column
from preprocessing.baseline import Buckets
from preprocessing.first_pass import FirstPass
from preprocessing.levels import Texts
from preprocessing.parts import TRAIN
from preprocessing.raw_rows import RawRows
from preprocessing.spill_files import SpillFiles
from preprocessing.splitting import SIDES

ROW_GROUP = 1 << 16
TEST = SIDES.index("test")
Floats = npt.NDArray[np.float32]
Columns = dict[str, Floats]


@dataclass
class FinalEncoding:
    """Maps the spilled rows to their final encoding."""

    features: Features
    finals: dict[str, Floats]  # of a text column: the final number of each text; the last is for missing values

    @classmethod
    def fit(cls, first_pass: FirstPass, features: Features) -> FinalEncoding:
        finals = {
            column.name: _final_levels(encode_column(column, _in_order(first_pass.texts[column.name])))
            for column in features.columns
            if column.kind == "categorical"
        }
        if features.target.classes:
            texts = first_pass.texts[features.target.name]
            places = {text: float(place) for place, text in enumerate(features.target.classes)}
            numbers = [places.get(text, np.nan) for text in texts.numbers]
            finals[features.target.name] = _final_levels(np.array(numbers, np.float32))
        return cls(features, finals)

    @property
    def names(self) -> list[str]:
        """Of the columns of a side."""
        features = self.features
        return [*features.names, *filter(None, [features.weight]), features.target.name]

    def encode(self, batch: Columns) -> Columns:
        return {
            name: self.finals[name][batch[name]] if name in self.finals else batch[name].astype(np.float32, copy=False)
            for name in self.names
        }

    def with_known_labels(self, batch: Columns) -> Columns:
        """Without the rows whose label is in no training row."""
        target = self.features.target.name
        if target not in self.finals:
            return batch
        known = ~np.isnan(self.finals[target][batch[target]])
        return batch if known.all() else {name: values[known] for name, values in batch.items()}


def write_sides(
    spill: SpillFiles, mapping: FinalEncoding, paths: Sequence[Path], buckets: dict[str, Buckets], raw: RawRows
) -> None:
    """Writes one Parquet file per side in parallel; the training rows also fill the baseline's buckets, and those of
    the test side are also written raw."""

    def write(side: int) -> None:
        batches = _regroup(mapping.with_known_labels(batch) for batch in spill.read(side))
        if side == TEST:
            batches = raw.pass_through(batches)
        _write(paths[side], map(mapping.encode, batches), mapping, buckets if side == TRAIN else {})

    with ThreadPoolExecutor(len(paths)) as pool:
        list(pool.map(write, range(len(paths))))


def _write(path: Path, batches: Iterator[Columns], mapping: FinalEncoding, buckets: dict[str, Buckets]) -> None:
    names = mapping.names
    schema = pa.schema([pa.field(name, pa.float32()) for name in names])
    few = [name for name in names if name in mapping.finals]  # columns with few distinct values
    with pq.ParquetWriter(path, schema, compression="snappy", use_dictionary=few, write_statistics=False) as writer:
        for columns in batches:
            for name, one in buckets.items():
                one.add(columns[name])
            arrays = [pa.array(columns[name]) for name in names]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema), row_group_size=ROW_GROUP)


def _regroup(batches: Iterator[Columns]) -> Iterator[Columns]:
    """The rows in pieces of ROW_GROUP."""
    pending: list[Columns] = []
    count = 0
    for batch in batches:
        pending.append(batch)
        count += len(next(iter(batch.values())))
        while count >= ROW_GROUP:
            joined = _joined(pending)
            yield {name: values[:ROW_GROUP] for name, values in joined.items()}
            pending = [{name: values[ROW_GROUP:] for name, values in joined.items()}]
            count -= ROW_GROUP
    if count:
        yield _joined(pending)


def _joined(batches: list[Columns]) -> Columns:
    return {name: np.concatenate([one[name] for one in batches]) for name in batches[0]}


def _in_order(texts: Texts) -> pa.Array:
    return pa.array(list(texts.numbers), pa.string())


def _final_levels(numbers: Floats) -> Floats:
    return np.append(numbers, np.float32(np.nan))
