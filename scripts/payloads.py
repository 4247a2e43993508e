"""A request's body, taken in and read: CSV, JSON, JSON lines or Parquet to typed raw columns.

Cells are converted by raw.py, the parser of preprocess, so a row means the same in every format and in training.
Whatever is wrong is ``Rejected``.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

import pyarrow as pa

import media
import payload_csv
import payload_json
import payload_parquet
from features import Features
from rejected import Rejected

MAX_PAYLOAD_BYTES = int(os.environ.get("MAX_PAYLOAD_BYTES", "6291456"))  # SageMaker's own for real-time endpoints
PARQUET_GROWTH = 20  # how many times larger than the largest payload a Parquet file may be once unpacked
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Payload:
    body: bytes
    format: str  # one of media's four
    header: str | None = None  # CSV: present, absent, or None where the client did not say


def receive(body: bytes | str, content_type: str | None) -> Payload:
    name, parameters = media.parse(content_type or "")
    if name not in media.FORMATS:
        raise Rejected(415, f'Content-Type "{name}" is not understood: send one of {media.KNOWN}')
    if parameters.get("charset", "utf-8") not in ("utf-8", "utf8", "us-ascii"):
        raise Rejected(415, f'charset "{parameters["charset"]}" is not understood: send UTF-8')
    header = parameters.get("header")
    if header not in (None, "present", "absent"):
        raise Rejected(415, f'header="{header}" is not understood: say header=present, header=absent, or nothing')
    content = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else bytes(body)
    if len(content) > MAX_PAYLOAD_BYTES:
        raise Rejected(413, f"the request has {len(content)} bytes: send at most {MAX_PAYLOAD_BYTES}, in several parts")
    return Payload(content.removeprefix(BYTE_ORDER_MARK), media.FORMATS[name], header)


def decode(payload: Payload, features: Features) -> pa.Table:
    """The columns of the model, as typed as preprocess saw them; at least one row."""
    if not payload.body.strip():
        raise Rejected(400, "the request has no body: send at least one row")
    rows = _rows(payload, features)
    if not rows.num_rows:
        raise Rejected(400, "the request holds no rows")
    return rows


def _rows(payload: Payload, features: Features) -> pa.Table:
    if payload.format == media.CSV:
        return payload_csv.read(payload.body, payload.header, features)
    if payload.format == media.JSON:
        return payload_json.read(payload.body, features)
    if payload.format == media.JSON_LINES:
        return payload_json.read_lines(payload.body, features)
    return payload_parquet.read(payload.body, features, PARQUET_GROWTH * MAX_PAYLOAD_BYTES)
