"""Parquet, up to a limit of its uncompressed size."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features import Features
from http_errors import HttpError
from payload_columns import check_names, table
from raw_columns import from_arrow


def read(body: bytes, features: Features, limit: int) -> pa.Table:
    try:
        content = _content(body, features, limit)
        return table(
            lambda name, cells: from_arrow(content.column(name), cells),
            lambda name, row: content.column(name)[row].as_py(),
            features,
        )
    except (pa.ArrowException, OSError, ValueError) as error:
        reason = (str(error).splitlines() or ["no reason given"])[0]
        raise HttpError(400, f"the request cannot be read as Parquet: {reason}") from None


def _content(body: bytes, features: Features, limit: int) -> pa.Table:
    metadata = pq.read_metadata(pa.BufferReader(body))
    schema = metadata.schema.to_arrow_schema()
    check_names(schema.names, features.raw_names)
    for name in features.raw_names:
        if pa.types.is_nested(schema.field(name).type):
            raise HttpError(400, f'column "{name}" holds {schema.field(name).type} values: send plain ones')
    groups = (metadata.row_group(number) for number in range(metadata.num_row_groups))
    _check_growth(max(metadata.num_rows * len(features.raw), sum(group.total_byte_size for group in groups)), limit)
    texts = [column.name for column in features.raw if column.cells.kind == "categorical"]
    file = pq.ParquetFile(pa.BufferReader(body), metadata=metadata, read_dictionary=texts)
    content = file.read(columns=features.raw_names, use_threads=False)
    _check_growth(sum(map(_text_bytes, content.columns)), limit)
    return content


def _text_bytes(column: pa.ChunkedArray) -> int:
    """The bytes of a dictionary column's texts when decoded row by row."""
    if not pa.types.is_dictionary(column.type):
        return 0
    return sum(pc.sum(pc.binary_length(chunk.dictionary).take(chunk.indices)).as_py() or 0 for chunk in column.chunks)


def _check_growth(unpacked: int, limit: int) -> None:
    if unpacked > limit:
        raise HttpError(413, f"the Parquet file unpacks to {unpacked} bytes or more: send fewer rows at once")
