"""Reads a file in blocks of whole rows: memory does not grow with the file, and blocks are parsed in parallel."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import pyarrow as pa

import csv_rows
from preprocessing.sources import Source

BLOCK_BYTES = 4 << 20
MOST_BLOCKS = 8  # that a row may take
BATCH_CELLS = 1 << 20


@dataclass(frozen=True)
class Block:
    source: Source
    line: int  # csv: the file's line its first row is on; parquet: the number of its first row; both from 1
    content: bytes | pa.Table
    read_bytes: int  # bytes of the file read so far

    @property
    def text(self) -> bytes:
        return cast("bytes", self.content)

    @property
    def table(self) -> pa.Table:
        return self.content


def read(source: Source, columns: list[str], delimiter: str) -> Iterator[Block]:
    if source.format == "csv":
        return _csv(source, delimiter, BLOCK_BYTES)
    return _parquet(source, columns)


def _csv(source: Source, delimiter: str, block_bytes: int) -> Iterator[Block]:
    line, rest = source.start_line, b""
    with source.open() as stream:
        stream.seek(source.start)
        while True:
            read = stream.read(block_bytes)
            rest += read
            position = getattr(stream, "fileobj", stream).tell()  # of a gzip file: the position in the compressed file
            for piece in whole_rows(rest, delimiter, complete=not read, max_row=MOST_BLOCKS * block_bytes):
                yield Block(source, line, piece, position)
                line += csv_rows.count_lines(piece)
                rest = rest[len(piece) :]
            if not read:
                return


def whole_rows(text: bytes, delimiter: str, complete: bool, max_row: int = 0) -> Iterator[bytes]:
    """The text in pieces of whole rows; the unfinished last row of an incomplete text is left out.

    A row longer than ``max_row``, because its quote is never closed, is cut at the end of its line: that line is a
    piece of its own, which the parser refuses, and the next line starts a new row.
    """
    while text:
        end = csv_rows.last_row_end(text, delimiter)
        if complete and not csv_rows.leaves_quote_open(text, delimiter):
            end = len(text)
        elif not end and (complete or len(text) > max_row):
            end = csv_rows.first_line_end(text)
        if not end:
            return
        yield text[:end]
        text = text[end:]


def _parquet(source: Source, columns: list[str]) -> Iterator[Block]:
    row = 1
    with source.parquet() as file:
        size, rows = source.path.stat().st_size, max(BATCH_CELLS // len(columns), 1)
        for batch in file.iter_batches(rows, columns=columns, use_threads=False):
            yield Block(source, row, pa.Table.from_batches([batch]), size * row // max(file.metadata.num_rows, 1))
            row += batch.num_rows
