"""What a client sends, to typed raw columns: CSV, JSON, JSON lines and Parquet.

Cells are converted by raw.py, the parser of preprocess, so a row means the same in every format and in training.
A JSON text is read as the same text in CSV would be. Whatever is wrong is ``Rejected``: a status code and one
sentence that names row, column and value.
"""

from __future__ import annotations

import csv
import json
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from features import Features
from raw import NOT_A, BadRow, Places, first_bad_cell, from_arrow, from_text, level_text, parse_csv, split_rows

try:  # AWS's server keeps the status code of this class alone; everything else it answers with a 500
    from sagemaker_inference.errors import BaseInferenceToolkitError as StatusError
except ImportError:

    class StatusError(Exception):  # type: ignore[no-redef]
        def __init__(self, status_code: int, message: str, phrase: str) -> None:
            super().__init__(status_code, message, phrase)
            self.status_code, self.message, self.phrase = status_code, message, phrase


MAX_PAYLOAD_BYTES = int(os.environ.get("MAX_PAYLOAD_BYTES", "6291456"))  # SageMaker's own for real-time endpoints
CSV, JSON, JSON_LINES, PARQUET = "text/csv", "application/json", "application/jsonlines", "application/x-parquet"
MEDIA = {  # every name a format goes by
    **{name: name for name in (CSV, JSON, JSON_LINES, PARQUET)},
    "application/x-ndjson": JSON_LINES,
    "application/x-jsonlines": JSON_LINES,
    "application/vnd.apache.parquet": PARQUET,
}
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
PARQUET_GROWTH = 20  # how many times larger than the largest payload a Parquet file may be once unpacked


class Rejected(StatusError):  # type: ignore[misc,unused-ignore]
    """The request is at fault: a status code and one sentence for the client."""

    def __init__(self, status_code: int, sentence: str) -> None:
        line = " ".join(sentence.split()).encode("utf-8", "backslashreplace").decode()
        super().__init__(status_code, line, HTTPStatus(status_code).phrase)

    def __str__(self) -> str:
        return str(self.message)


@dataclass(frozen=True)
class Payload:
    body: bytes
    media: str  # CSV, JSON, JSON_LINES or PARQUET
    header: str | None = None  # CSV: present, absent, or None where the client did not say


def media_type(text: str) -> tuple[str, dict[str, str]]:
    """A Content-Type or one choice of an Accept, in lower case, and its parameters."""
    name, *parameters = text.split(";")
    pairs = (parameter.partition("=") for parameter in parameters)
    return name.strip().lower(), {key.strip().lower(): value.strip().strip('"').lower() for key, _, value in pairs}


def receive(body: bytes | str, content_type: str | None) -> Payload:
    name, parameters = media_type(content_type or "")
    if name not in MEDIA:
        raise Rejected(415, f'Content-Type "{name}" is not understood: send one of {", ".join(MEDIA)}')
    if parameters.get("charset", "utf-8") not in ("utf-8", "utf8", "us-ascii"):
        raise Rejected(415, f'charset "{parameters["charset"]}" is not understood: send UTF-8')
    header = parameters.get("header")
    if header not in (None, "present", "absent"):
        raise Rejected(415, f'header="{header}" is not understood: say header=present, header=absent, or nothing')
    content = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else bytes(body)
    if len(content) > MAX_PAYLOAD_BYTES:
        raise Rejected(413, f"the request has {len(content)} bytes: send at most {MAX_PAYLOAD_BYTES}, in several parts")
    return Payload(content.removeprefix(BYTE_ORDER_MARK), MEDIA[name], header)


def decode(payload: Payload, features: Features) -> pa.Table:
    """The columns of the model, as typed as preprocess saw them; at least one row."""
    if not payload.body.strip():
        raise Rejected(400, "the request has no body: send at least one row")
    table = DECODERS[payload.media](payload, features)
    if not table.num_rows:
        raise Rejected(400, "the request holds no rows")
    return table


def _csv(payload: Payload, features: Features) -> pa.Table:
    names, block = _header(payload, features)
    rules = features.kinds, features.missing, features.delimiter
    try:
        return parse_csv(block, names, *rules)
    except pa.ArrowInvalid:
        raise _bad_csv(block, names, rules) from None


def _header(payload: Payload, features: Features) -> tuple[Sequence[str], bytes]:
    """The names of the columns that come, and the rows without the header line, if there is one."""
    block = payload.body.lstrip(b"\r\n")
    line = re.match(rb"[^\r\n]*", block)[0]  # type: ignore[index]
    if payload.header == "absent":
        return features.names, block
    try:
        fields = next(csv.reader([line.decode(errors="replace")], delimiter=features.delimiter), [])
    except csv.Error:  # a field beyond the module's limit is no column name
        fields = []
    if payload.header is None and not _is_header(fields, features.names):
        return features.names, block
    _check_names(fields, features.names)
    known = set(features.names)
    names = [name if name in known else f"{position} {name}" for position, name in enumerate(fields)]
    return names, block[len(line) :]


def _is_header(fields: list[str], names: list[str]) -> bool:
    """A line is a header if it holds most of the model's column names; a lacking one is named by the refusal."""
    return 2 * len(set(fields).intersection(names)) > len(names)


def _check_names(given: Iterable[str], names: Sequence[str], where: str = "") -> None:
    given = list(given)
    lacking = [f'"{name}"' for name in names if name not in given]
    if lacking:
        more = f" and {len(lacking) - 5} more" if len(lacking) > 5 else ""
        subject = f"column {lacking[0]} is" if len(lacking) == 1 else f"columns {', '.join(lacking[:5])}{more} are"
        raise Rejected(400, f"{where}{subject} missing; a value may be empty or null, a column may not")
    twice = next((name for name in names if given.count(name) > 1), None)
    if twice is not None:
        raise Rejected(400, f'{where}column "{twice}" occurs twice')


def _bad_csv(block: bytes, names: Sequence[str], rules: tuple[Any, ...]) -> Rejected:
    """Find the first row that does not parse by halving, then ask what is wrong with it."""
    rows = split_rows(block, rules[-1])
    low, high = 0, len(rows.starts)
    while high - low > 1:
        middle = (low + high) // 2
        try:
            parse_csv(block[rows.starts[low] : rows.starts[middle]], names, *rules)
            low = middle
        except pa.ArrowInvalid:
            high = middle
    bad = first_bad_cell(block[rows.starts[low] : rows.ends[low]], names, *rules) if high else None
    if bad is None:
        return Rejected(400, "the request cannot be read as CSV")
    advice = f": the columns are {', '.join(names[:20])}" if bad.column is None and "fields" in bad.sentence else ""
    return _bad_row(low, bad, advice)


def _bad_row(row: int, bad: BadRow, advice: str = "") -> Rejected:
    return Rejected(400, f"row {row + 1}{':' if bad.column else ''} {bad.sentence}{advice}")


def _json(payload: Payload, features: Features) -> pa.Table:
    content = _parsed(_text(payload), "the request")
    if isinstance(content, dict) and isinstance(content.get("instances"), list):
        content = content["instances"]
    return _objects(content if isinstance(content, list) else [content], features)


def _json_lines(payload: Payload, features: Features) -> pa.Table:
    lines = enumerate(_text(payload).split("\n"), 1)
    return _objects([_parsed(line, f"line {number}") for number, line in lines if line.strip(" \t\r")], features)


def _text(payload: Payload) -> str:
    try:
        return payload.body.decode()
    except UnicodeDecodeError as error:
        raise Rejected(400, f"the request is not UTF-8 text at byte {error.start + 1}") from None


def _parsed(text: str, place: str) -> Any:
    try:
        return DECODER.decode(text)
    except RecursionError:
        raise Rejected(400, f"{place} is nested too deeply: send objects with plain values") from None
    except ValueError as error:
        raise Rejected(400, f"{place} is not JSON: {error}") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) != len(pairs):
        raise ValueError("a key occurs twice in one object")
    return content


DECODER = json.JSONDecoder(object_pairs_hook=_once)


def _objects(rows: list[Any], features: Features) -> pa.Table:
    """Rows that are objects, or arrays in the order of the model's columns."""
    alike = list if rows and isinstance(rows[0], list) else dict
    other = next((number for number, row in enumerate(rows, 1) if type(row) is not alike), None)
    if other is not None:
        what = "object" if alike is dict else "array like the first row"
        raise Rejected(400, f"row {other} is not an {what}: send a list of objects")
    if alike is list:
        return _arrays(rows, features)
    try:
        columns = {name: [row[name] for row in rows] for name in features.names}
    except KeyError:
        number, row = next((n, r) for n, r in enumerate(rows, 1) if not r.keys() >= features.kinds.keys())
        _check_names(row, features.names, f"row {number}: ")
        raise
    return _typed(columns, features)


def _arrays(rows: list[list[Any]], features: Features) -> pa.Table:
    width = len(features.columns)
    for number, row in enumerate(rows, 1):
        if len(row) != width:
            raise Rejected(400, f"row {number} has {len(row)} fields instead of {width}")
    return _typed(dict(zip(features.names, zip(*rows, strict=True), strict=True)), features)


def _typed(columns: Mapping[str, Sequence[Any]], features: Features) -> pa.Table:
    def convert(name: str, kind: str) -> tuple[pa.Array, Places]:
        return _from_json(columns[name], kind, features.missing)

    return _table(convert, features, lambda name, row: columns[name][row])


def _from_json(values: Sequence[Any], kind: str, missing: Sequence[str]) -> tuple[pa.Array, Places]:
    types = set(map(type, values)) - {type(None)}
    try:
        if types <= {str}:
            return from_text(pa.array(values, pa.string()), kind, missing)
        if types <= {int, float}:
            return from_arrow(pa.array(values, pa.float64()), kind, missing)
    except (ValueError, OverflowError):  # a lone surrogate, an integer beyond 2**53
        pass
    texts = [_as_text(value) for value in values]
    array, wrong = from_text(pa.array(texts, pa.string()), kind, missing)
    lost = [text is None and value is not None and value == value for text, value in zip(texts, values, strict=True)]
    return array, wrong | np.array(lost, bool)


def _as_text(value: Any) -> str | None:
    """A JSON value as the CSV cell that says the same; None for null and for what no cell can say."""
    if value is None or isinstance(value, dict | list):
        return None
    text = level_text(value)
    return text if text is None or _is_encodable(text) else None


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _parquet(payload: Payload, features: Features) -> pa.Table:
    try:
        table = _read_parquet(payload.body, features)

        def convert(name: str, kind: str) -> tuple[pa.Array, Places]:
            return from_arrow(table.column(name), kind, features.missing)

        return _table(convert, features, lambda name, row: table.column(name)[row].as_py())
    except (pa.ArrowException, OSError, ValueError) as error:
        reason = (str(error).splitlines() or ["no reason given"])[0]
        raise Rejected(400, f"the request cannot be read as Parquet: {reason}") from None


def _read_parquet(body: bytes, features: Features) -> pa.Table:
    metadata = pq.read_metadata(pa.BufferReader(body))
    schema = metadata.schema.to_arrow_schema()
    _check_names(schema.names, features.names)
    for name in features.names:
        if pa.types.is_nested(schema.field(name).type):
            raise Rejected(400, f'column "{name}" holds {schema.field(name).type} values: send plain ones')
    groups = (metadata.row_group(number) for number in range(metadata.num_row_groups))
    _check_growth(max(metadata.num_rows * len(features.columns), sum(group.total_byte_size for group in groups)))
    texts = [column.name for column in features.columns if column.kind == "categorical"]
    file = pq.ParquetFile(pa.BufferReader(body), metadata=metadata, read_dictionary=texts)
    table = file.read(columns=features.names, use_threads=False)
    _check_growth(sum(map(_text_bytes, table.columns)))
    return table


def _text_bytes(column: pa.ChunkedArray) -> int:
    """The bytes of a dictionary column's texts once they are written out row by row."""
    if not pa.types.is_dictionary(column.type):
        return 0
    return sum(pc.sum(pc.binary_length(chunk.dictionary).take(chunk.indices)).as_py() or 0 for chunk in column.chunks)


def _check_growth(unpacked: int) -> None:
    if unpacked > PARQUET_GROWTH * MAX_PAYLOAD_BYTES:
        raise Rejected(413, f"the Parquet file unpacks to {unpacked} bytes or more: send fewer rows at once")


def _table(
    convert: Callable[[str, str], tuple[pa.Array, Places]], features: Features, cell: Callable[[str, int], Any]
) -> pa.Table:
    """Column by column; if cells are wrong, the first wrong one of the first such row is told."""
    columns, wrong = {}, []
    for position, (name, kind) in enumerate(features.kinds.items()):
        columns[name], bad = convert(name, kind)
        if bad.any():
            wrong.append((int(bad.argmax()), position, name, kind))
    if wrong:
        row, _, name, kind = min(wrong)
        value = cell(name, row)
        text = value if isinstance(value, str) else json.dumps(value, default=str)
        raise _bad_row(row, BadRow(row, 0, NOT_A[kind], "", name, text))
    return pa.table(columns)


DECODERS = {CSV: _csv, JSON: _json, JSON_LINES: _json_lines, PARQUET: _parquet}
