"""The body of a request: CSV, JSON, JSON lines or Parquet to typed raw columns.

Cells are converted by raw_columns.py, as in preprocess, so a row has the same meaning in every format and in training.
Every error is an ``HttpError``.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

import media_types
import payload_csv
import payload_json
import payload_parquet
from features import Features
from http_errors import HttpError

MIB = 1024 * 1024


def largest(environment: Mapping[str, str]) -> int:
    """The model's own limit; by default SageMaker's for real-time endpoints. A batch transform states another one, its
    MaxPayloadInMB, in a variable that only its containers have; AWS's server itself has no limit."""
    own = int(environment.get("MAX_PAYLOAD_BYTES", 6 * MIB))
    return max(own, int(environment.get("SAGEMAKER_MAX_PAYLOAD_IN_MB", "0")) * MIB)


MAX_PAYLOAD_BYTES = largest(os.environ)
PARQUET_GROWTH = 20  # limit of the uncompressed size of a Parquet file, relative to the largest payload
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
GZIP = (b"\x1f\x8b", b"\x1f\xff")  # the second after AWS's image has decoded it as text
REPLACEMENT = (
    "\ufffd".encode()
)  # for what is not UTF-8, in text that AWS's image has decoded: refused like the original


@dataclass(frozen=True)
class Payload:
    body: bytes
    format: str  # one of the four in media_types
    header: str | None = None  # CSV: present, absent, or None if not specified


def receive(body: bytes | str, content_type: str | None) -> Payload:
    name, parameters = media_types.parse(content_type or "")
    if name not in media_types.FORMATS:
        raise HttpError(415, f'Content-Type "{name}" is not understood: send one of {media_types.KNOWN}')
    if parameters.get("charset", "utf-8") not in ("utf-8", "utf8", "us-ascii"):
        raise HttpError(415, f'charset "{parameters["charset"]}" is not understood: send UTF-8')
    header = parameters.get("header")
    if header not in (None, "present", "absent"):
        raise HttpError(415, f'header="{header}" is not understood: send header=present, header=absent, or nothing')
    content = _undecoded(body) if isinstance(body, str) else bytes(body)
    if content.startswith(GZIP):  # AWS removes the header Content-Encoding, and its image what is not UTF-8
        raise HttpError(415, "the request is compressed with gzip: send it uncompressed")
    if len(content) > MAX_PAYLOAD_BYTES:
        raise HttpError(
            413, f"the request has {len(content)} bytes: send at most {MAX_PAYLOAD_BYTES}, in several parts"
        )
    return Payload(content.removeprefix(BYTE_ORDER_MARK), media_types.FORMATS[name], header)


def _undecoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass").replace(REPLACEMENT, b"\xff")


def decode(payload: Payload, features: Features) -> pa.Table:
    """The columns that clients send, typed as in preprocess; at least one row."""
    if not payload.body.strip():
        raise HttpError(400, "the request has no body: send at least one row")
    rows = _rows(payload, features)
    if not rows.num_rows:
        raise HttpError(400, "the request holds no rows")
    return rows


def _rows(payload: Payload, features: Features) -> pa.Table:
    if payload.format == media_types.CSV:
        return payload_csv.read(payload.body, payload.header, features)
    if payload.format == media_types.JSON:
        return payload_json.read(payload.body, features)
    if payload.format == media_types.JSON_LINES:
        return payload_json.read_lines(payload.body, features)
    return payload_parquet.read(payload.body, features, PARQUET_GROWTH * MAX_PAYLOAD_BYTES)
