"""Samples of the data before it is read: the beginning of every file, and the middle and end of large ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

import csv_rows
import raw_columns
from cells import Cells
from features import one_array
from preprocessing import blocks
from preprocessing.sources import Source

BUDGET_BYTES = 12 << 20  # of all files together
MAX_PIECE, MIN_PIECE = 256 << 10, 64 << 10
MORE_BYTES, LONGEST_ROW = 1 << 20, blocks.MOST_BLOCKS * blocks.BLOCK_BYTES
MAX_FILES = 100
BATCH_ROWS = 8192

Samples = dict[str, list[pa.Array]]


def take_samples(sources: Sequence[Source], delimiter: str) -> Samples:
    """Some pieces of every column in file order: texts of a CSV file, typed values of Parquet."""
    sampled = [sources[i] for i in np.unique(np.linspace(0, len(sources) - 1, MAX_FILES).astype(int))]
    size = min(max(BUDGET_BYTES // len(sampled) // 3, MIN_PIECE), MAX_PIECE)
    samples: Samples = {name: [] for name in sources[0].header}
    for source in sampled:
        for piece in _csv_pieces(source, delimiter, size) if source.format == "csv" else _parquet_pieces(source):
            for name in source.header:
                samples[name].append(one_array(piece[name]))
    return samples


def describe(pieces: Sequence[pa.Array], cells: Cells) -> dict[str, Any]:
    """The share of missing cells and the number of distinct values in a sample, and the range of times."""
    nested = any(pa.types.is_nested(piece.type) for piece in pieces)  # lists, structures: nothing to compare
    values = pieces if nested else [raw_columns.from_arrow(piece, cells)[0] for piece in pieces]
    missing = sum(one.null_count for one in values)
    distinct = None if nested else pc.count_distinct(pa.concat_arrays(values)).as_py()
    extent = {"range": _range(values)} if cells.kind == "time" and distinct else {}
    return {"missing": share(missing, sum(map(len, values)))} | extent | {"distinct": distinct}


def _range(times: Sequence[pa.Array]) -> list[str]:
    extent = pc.min_max(pa.chunked_array(times))
    return [f"{extent[edge].as_py():%Y-%m-%d %H:%M}".removesuffix(" 00:00") for edge in ("min", "max")]


def share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0


def _csv_pieces(source: Source, delimiter: str, size: int) -> Iterator[pa.Table]:
    for text in _texts(source, delimiter, size):
        readable = text.decode(errors="replace").encode()
        for rows in blocks.whole_rows(readable, delimiter, complete=True):
            yield raw_columns.read_texts(rows, source.header, source.header, delimiter)


def _texts(source: Source, delimiter: str, size: int) -> Iterator[bytes]:
    with source.open() as stream:
        stream.seek(source.start)
        head, whole = _head(stream, delimiter, size)
        yield head if whole else head[: csv_rows.last_row_end(head, delimiter) or len(head)]
        if whole or not source.seekable:
            return
        total = source.path.stat().st_size
        for place in (total // 2, total - size):
            if place > stream.tell():
                stream.seek(place)
                text = stream.read(size)
                text = text[csv_rows.first_line_end(text) :]  # it probably starts within a row
                yield text[: csv_rows.last_row_end(text, delimiter)]


def _head(stream: BinaryIO, delimiter: str, size: int) -> tuple[bytes, bool]:
    """Some rows, also where the first one is long, and whether they are all."""
    head = stream.read(size)
    whole = len(head) < size
    while not whole and len(head) < LONGEST_ROW and not csv_rows.last_row_end(head, delimiter):
        more = stream.read(MORE_BYTES)
        head, whole = head + more, len(more) < MORE_BYTES
    return head, whole


def _parquet_pieces(source: Source) -> Iterator[pa.Table]:
    with source.parquet() as file:
        groups = file.metadata.num_row_groups
        for group in sorted({0, groups // 2, groups - 1} if groups else ()):
            for batch in file.iter_batches(BATCH_ROWS, row_groups=[group], use_threads=False):
                yield pa.Table.from_batches([batch])
                break
