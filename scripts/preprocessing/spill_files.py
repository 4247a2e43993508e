"""Temporary Arrow files, one per side: the encoded rows between the two passes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from types import TracebackType

import numpy as np
import pyarrow as pa

from preprocessing.splitting import SIDES

NO_TIME = -(2**63)


class SpillFiles:
    def __init__(
        self,
        folder: Path,
        floats: list[str],
        codes: list[str],
        times: Iterable[str] = (),
        doubles: Collection[str] = (),
    ) -> None:
        numbers = [pa.field(name, pa.float64() if name in doubles else pa.float32()) for name in floats]
        self.schema = pa.schema(
            numbers + [pa.field(name, pa.int32()) for name in codes] + [pa.field(name, pa.int64()) for name in times]
        )
        self.paths = [folder / f"{side}.arrow" for side in SIDES]

    def __enter__(self) -> SpillFiles:
        self._writers = [pa.ipc.new_file(path, self.schema) for path in self.paths]
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for writer in self._writers:
            writer.close()

    def write(self, side: int, columns: dict[str, np.ndarray]) -> None:  # type: ignore[type-arg]
        arrays = [pa.array(columns[field.name], field.type) for field in self.schema]
        self._writers[side].write(pa.record_batch(arrays, schema=self.schema))

    def read(self, side: int) -> Iterator[dict[str, np.ndarray]]:  # type: ignore[type-arg]
        """Batch by batch, read from disk: a memory map would count as memory of this process."""
        with pa.OSFile(str(self.paths[side])) as file, pa.ipc.open_file(file) as reader:
            for position in range(reader.num_record_batches):
                batch = reader.get_batch(position)
                yield {name: batch.column(name).to_numpy() for name in batch.schema.names}
