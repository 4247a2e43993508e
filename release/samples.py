"""The recorded requests that a model package points to: raw rows, the first line names the columns."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aws.s3 import split_uri
from release.context import Context

LIMIT = 1000
Row = Sequence[str]


@dataclass(frozen=True)
class Samples:
    names: Row
    rows: Sequence[Row]
    delimiter: str = ","

    def bodies(self) -> list[bytes]:
        """One row each, as a client sends it."""
        return [_csv([row], self.delimiter) for row in self.rows]


def read(context: Context, package: Mapping[str, Any]) -> Samples:
    """Without any, reports why and returns no rows: a release must be possible without them."""
    uri = package.get("CustomerMetadataProperties", {}).get("sample_requests", "")
    if not uri:
        context.say("the package names no sample_requests: no recorded requests can be sent")
        return Samples((), ())
    bucket, key = split_uri(uri)
    try:
        body = context.retry(lambda: context.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read())
        return parse(body.decode("utf-8-sig"), context.settings.data.delimiter)
    except Exception as error:  # noqa: BLE001 - missing, forbidden or not text: reported, and not needed
        context.say(f"no recorded requests can be sent, because {uri} cannot be read ({' '.join(str(error).split())})")
        return Samples((), ())


def parse(text: str, delimiter: str) -> Samples:
    lines = parse_rows(text, delimiter)
    return Samples(lines[0], lines[1 : LIMIT + 1], delimiter) if lines else Samples((), ())


def parse_rows(text: str, delimiter: str) -> Sequence[Row]:
    """Also those with line breaks in a cell."""
    return tuple(tuple(row) for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row)


def writers(samples: Samples) -> dict[str, Callable[[], bytes]]:
    """Functions that write all rows as one request, by content type."""
    rows = samples.rows
    objects = [dict(zip(samples.names, row, strict=True)) for row in rows]
    return {
        "text/csv": lambda: _csv(rows, samples.delimiter),
        "application/json": lambda: json.dumps({"instances": objects}).encode(),
        "application/jsonlines": lambda: b"".join(json.dumps(row).encode() + b"\n" for row in objects),
        "application/x-parquet": lambda: _parquet(samples.names, rows),
    }


def _csv(rows: Sequence[Row], delimiter: str) -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def _parquet(names: Row, rows: Sequence[Row]) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = {name: [row[index] for row in rows] for index, name in enumerate(names)}
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink)
    return sink.getvalue()
