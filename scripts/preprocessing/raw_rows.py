"""raw.parquet: the rows of the test side before their encoding, as another model than this run's encodes them itself.

Rare texts are still there, and so are columns that this run leaves out for their many texts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from cells import Cells
from features import ARROW_TYPES
from preprocessing.levels import Texts
from preprocessing.spill_files import NO_TIME

Columns = dict[str, np.ndarray]  # type: ignore[type-arg]
TEXT = pa.dictionary(pa.int32(), pa.string())


class RawRows:
    def __init__(self, path: Path, cells: Mapping[str, Cells], texts: Mapping[str, Texts]) -> None:
        """A column of too many texts has none: their numbers were not kept."""
        self.path = path
        self.kinds = {name: one.kind for name, one in cells.items() if not (name in texts and texts[name].too_many)}
        self.texts = {name: pa.array(list(texts[name].numbers), pa.string()) for name in self.kinds if name in texts}
        self.texts |= {name: pa.array(one.words) for name, one in cells.items() if one.words}

    def pass_through(self, batches: Iterator[Columns]) -> Iterator[Columns]:
        """Writes the spilled rows on their way."""
        types = {name: TEXT if name in self.texts else ARROW_TYPES[kind] for name, kind in self.kinds.items()}
        schema = pa.schema(list(types.items()))
        with pq.ParquetWriter(self.path, schema, compression="snappy", write_statistics=False) as writer:
            for batch in batches:
                columns = [self._column(name, kind, batch[name]) for name, kind in self.kinds.items()]
                writer.write_table(pa.Table.from_arrays(columns, schema=schema))
                yield batch

    def _column(self, name: str, kind: str, values: np.ndarray) -> pa.Array:  # type: ignore[type-arg]
        if name in self.texts:
            return pa.DictionaryArray.from_arrays(_codes(values), self.texts[name])
        if kind == "boolean":
            return pa.array(values == 1, pa.bool_(), mask=np.isnan(values))
        if kind == "time":
            return pa.array(values, pa.int64(), mask=values == NO_TIME).cast(ARROW_TYPES[kind])
        return pa.array(values.astype(np.float64), pa.float64(), mask=np.isnan(values))


def _codes(values: np.ndarray) -> pa.Array:  # type: ignore[type-arg]
    """Of texts: their numbers, -1 where missing; of booleans in words: NaN where missing."""
    missing = np.isnan(values) | (values < 0)
    return pa.array(np.where(missing, 0, values).astype(np.int32), pa.int32(), mask=missing)
