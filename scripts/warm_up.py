"""Requests of the model's own that a worker answers when it loads: the first one of a process takes many times longer.

``train`` writes their rows beside the model. Each format is read and written, for a few rows and for many, which are
predicted on one thread and on all.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

import media_types
from features import Features
from http_errors import HttpError
from payloads import Payload, decode

FILE = "warm-up.csv"
MANY_ROWS = 300
TOO_LARGE = 413


def run(folder: Path, features: Features, respond: Callable[[bytes, str, str], object]) -> None:
    """Nothing for a model without the file; a ValueError for one that cannot predict the rows."""
    try:
        rows = (folder / FILE).read_bytes()
    except FileNotFoundError:
        return
    try:
        for body, content_type in _requests(rows, features):
            _send(respond, body, content_type)
    except Exception as error:
        raise ValueError(
            f"the model cannot predict the rows of {FILE}, which it is to warm up with: {error}"
        ) from error


def _send(respond: Callable[[bytes, str, str], object], body: bytes, content_type: str) -> None:
    try:
        respond(body, content_type, content_type)
    except HttpError as refusal:
        if refusal.status_code != TOO_LARGE:  # of a model that takes small requests only
            raise


def _requests(rows: bytes, features: Features) -> Iterator[tuple[bytes, str]]:
    table = decode(Payload(rows, media_types.CSV), features)
    objects = [json.dumps(row, default=str) for row in table.to_pylist()]  # a time as its text
    many = (objects * MANY_ROWS)[:MANY_ROWS]
    yield rows, media_types.CSV
    yield _parquet(table), media_types.PARQUET
    for some in (objects[:1], many):
        yield f"[{', '.join(some)}]".encode(), media_types.JSON
        yield "\n".join(some).encode(), media_types.JSON_LINES


def _parquet(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()
