"""The second pass: rare texts become "other", labels become class numbers, and each side becomes one Parquet file."""

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
from preprocessing.aside import Aside
from preprocessing.baseline import Buckets
from preprocessing.collecting import Collected
from preprocessing.levels import Texts
from preprocessing.parts import TRAIN

ROW_GROUP = 1 << 16
Floats = npt.NDArray[np.float32]


@dataclass
class Settled:
    """How to finish a laid-aside row."""

    features: Features
    finals: dict[str, Floats]  # of a text column: the final number of each text, and last of the missing ones

    @classmethod
    def of(cls, found: Collected, features: Features) -> Settled:
        finals = {
            column.name: _final_levels(encode_column(column, _in_order(found.texts[column.name])))
            for column in features.columns
            if column.kind == "categorical"
        }
        if features.target.classes:
            texts = found.texts[features.target.name]
            places = {text: float(place) for place, text in enumerate(features.target.classes)}
            numbers = [places.get(text, np.nan) for text in texts.numbers]
            finals[features.target.name] = _final_levels(np.array(numbers, np.float32))
        return cls(features, finals)

    def finish(self, batch: dict[str, Floats]) -> dict[str, Floats]:
        names = [*self.features.names, self.features.target.name]
        columns = {name: self.finals[name][batch[name]] if name in self.finals else batch[name] for name in names}
        known = ~np.isnan(columns[self.features.target.name])
        return columns if known.all() else {name: values[known] for name, values in columns.items()}


def settle(aside: Aside, settled: Settled, paths: Sequence[Path], buckets: dict[str, Buckets]) -> None:
    """One Parquet file for each side, side by side; the training rows fill the baseline's buckets on the way."""

    def write(side: int) -> None:
        batches = (settled.finish(batch) for batch in aside.read(side))
        _write(paths[side], batches, settled, buckets if side == TRAIN else {})

    with ThreadPoolExecutor(len(paths)) as pool:
        list(pool.map(write, range(len(paths))))


def _write(path: Path, batches: Iterator[dict[str, Floats]], settled: Settled, buckets: dict[str, Buckets]) -> None:
    names = [*settled.features.names, settled.features.target.name]
    schema = pa.schema([pa.field(name, pa.float32()) for name in names])
    few = [name for name in names if name in settled.finals]  # columns of few different values
    with pq.ParquetWriter(path, schema, compression="snappy", use_dictionary=few, write_statistics=False) as writer:
        for columns in _regrouped(batches, names):
            for name, one in buckets.items():
                one.add(columns[name])
            arrays = [pa.array(columns[name]) for name in names]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema), row_group_size=ROW_GROUP)


def _regrouped(batches: Iterator[dict[str, Floats]], names: list[str]) -> Iterator[dict[str, Floats]]:
    """The same rows in pieces of ROW_GROUP."""
    waiting: list[dict[str, Floats]] = []
    count = 0
    for batch in batches:
        waiting.append(batch)
        count += len(batch[names[0]])
        while count >= ROW_GROUP:
            joined = {name: np.concatenate([one[name] for one in waiting]) for name in names}
            yield {name: values[:ROW_GROUP] for name, values in joined.items()}
            waiting = [{name: values[ROW_GROUP:] for name, values in joined.items()}]
            count -= ROW_GROUP
    if count:
        yield {name: np.concatenate([one[name] for one in waiting]) for name in names}


def _in_order(texts: Texts) -> pa.Array:
    return pa.array(list(texts.numbers), pa.string())


def _final_levels(numbers: Floats) -> Floats:
    return np.append(numbers, np.float32(np.nan))
