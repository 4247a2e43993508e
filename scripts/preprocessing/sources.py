"""Finds and opens the raw files, and checks that they have one header before any row is read."""

from __future__ import annotations

import csv
import difflib
import gzip
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO, cast

import pyarrow as pa
import pyarrow.parquet as pq

import csv_rows
from failures import SettingNeeded, UserError, quote
from preprocessing import encodings, file_contents
from preprocessing.encodings import Utf8Stream

SUFFIXES = {".csv": "csv", ".csv.gz": "csv", ".parquet": "parquet"}
MAX_HEADER_BYTES = 1 << 20
PIECE_BYTES = 1 << 17
MOST_NAMED = 5
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Source:
    path: Path
    name: str  # relative to the input folder, as in messages and rejects.csv
    format: str  # csv or parquet
    header: tuple[str, ...]
    start: int = 0  # csv: offset of the first row in the uncompressed text
    start_line: int = 1  # csv: the line of the first row
    encoding: str = encodings.UTF_8  # csv
    types: dict[str, pa.DataType] = field(default_factory=dict)  # parquet: of the columns

    @property
    def compressed(self) -> bool:
        return self.begins_with(file_contents.GZIP)

    @property
    def seekable(self) -> bool:
        """Whether reading may begin anywhere."""
        return self.encoding == encodings.UTF_8 and not self.compressed

    def begins_with(self, mark: bytes) -> bool:
        with self.path.open("rb") as file:
            return file.read(len(mark)) == mark

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """The uncompressed bytes as UTF-8; a damaged file becomes a sentence."""
        try:
            with cast("BinaryIO", gzip.open(self.path) if self.compressed else self.path.open("rb")) as stream:
                yield (
                    stream if self.encoding == encodings.UTF_8 else cast("BinaryIO", Utf8Stream(stream, self.encoding))
                )
        except UnicodeDecodeError as error:
            raise UserError(f"{self.name} is no {self.encoding} text throughout: export it as UTF-8") from error
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise UserError(f"{self.name} is damaged or incomplete ({error}): copy it again") from error

    @contextmanager
    def parquet(self) -> Iterator[pq.ParquetFile]:
        try:
            with pq.ParquetFile(self.path) as file:
                yield file
        except (pa.ArrowInvalid, OSError) as error:
            raise UserError(f"{self.name} is not a readable Parquet file ({error}): copy it again") from error


def find(folder: Path, required_format: str, delimiter: str) -> list[Source]:
    """Every data file below a folder, by path, all with the same columns in the same order."""
    if not folder.is_dir():
        raise UserError(f"there is no input folder {folder}: check data.uri")
    all_files = sorted(path for path in folder.rglob("*") if path.is_file())
    files = [path for path in all_files if not _hidden(path.relative_to(folder))]
    formats = {path: kind for path in files if (kind := _format(path)) and required_format in ("auto", kind)}
    if not formats:
        suffixes = ", ".join(suffix for suffix, kind in SUFFIXES.items() if required_format in ("auto", kind))
        found = f"; it holds {files[0].name}" + (" and others" if len(files) > 1 else "") if files else ""
        raise UserError(f"no data files ({suffixes}) in {folder}{found}: check data.uri and data.format")
    if len(set(formats.values())) > 1:
        one = [next(path.name for path in formats if formats[path] == kind) for kind in ("csv", "parquet")]
        raise SettingNeeded(
            f"{one[0]} is CSV and {one[1]} is Parquet: set data.format to one of them, or remove the other",
            {"data.format": "csv"},
        )
    _name_others([path.relative_to(folder) for path in all_files if path not in formats])
    sources = [_inspect(path, str(path.relative_to(folder)), kind, delimiter) for path, kind in formats.items()]
    found_sources = [source for source in sources if source is not None]
    if not found_sources:
        raise UserError(f"every data file in {folder} is empty: there are no rows to learn from")
    for source in found_sources[1:]:
        _check_same_header(found_sources[0], source)
    return found_sources


def close_match(name: str, among: Sequence[str]) -> str:
    """The end of a sentence about an unknown name: a suggestion."""
    near = difflib.get_close_matches(name.lower(), [one.lower() for one in among], n=1, cutoff=0.6)
    if near:
        return f'did you mean "{next(one for one in among if one.lower() == near[0])}"?'
    shown = ", ".join(map(quote, among[:12])) + (f" and {len(among) - 12} more" if len(among) > 12 else "")
    return f"there are {shown}"


def _name_others(paths: Sequence[Path]) -> None:
    if paths:
        more = f" and {len(paths) - MOST_NAMED} more" if len(paths) > MOST_NAMED else ""
        print(f"not read, as they are no data files: {', '.join(map(str, paths[:MOST_NAMED]))}{more}", flush=True)


def _hidden(path: Path) -> bool:
    return any(part.startswith((".", "_")) for part in path.parts)


def _format(path: Path) -> str | None:
    return next((kind for suffix, kind in SUFFIXES.items() if path.name.lower().endswith(suffix)), None)


def _inspect(path: Path, name: str, kind: str, delimiter: str) -> Source | None:
    if path.stat().st_size == 0:
        print(f"{name} is empty: skipped", flush=True)
        return None
    source = Source(path, name, kind, ())
    with path.open("rb") as file:
        file_contents.check_file(name, file.read(file_contents.CHECKED), kind)
    if kind == "csv":
        return _inspect_csv(source, delimiter)
    with source.parquet() as file:
        header = _check_header(name, file.schema_arrow.names)
        return Source(path, name, kind, header, types=dict(zip(header, file.schema_arrow.types, strict=True)))


def _inspect_csv(source: Source, delimiter: str) -> Source | None:
    source = replace(source, encoding=encodings.recognize(source.name, _some_text(source)))
    with source.open() as stream:
        text = stream.read(MAX_HEADER_BYTES)
    file_contents.check_text(source.name, text[: file_contents.CHECKED])
    mark = len(BYTE_ORDER_MARK) if text.startswith(BYTE_ORDER_MARK) else 0
    rows = csv_rows.split_rows(text[mark:], delimiter)
    if not len(rows.starts):
        print(f"{source.name} is empty: skipped", flush=True)
        return None
    end = int(rows.ends[0])
    if end > MAX_HEADER_BYTES - 8 or csv_rows.leaves_quote_open(text[mark : mark + end], delimiter):
        raise UserError(f"{source.name} has no header line that could be read: check that it is CSV text")
    try:
        fields = next(csv.reader([text[mark + rows.starts[0] : mark + end].decode()], delimiter=delimiter))
    except (UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"the header of {source.name} cannot be read ({error}): {_remedy(source)}") from error
    _check_delimiter(source.name, fields, delimiter)
    start_line = csv_rows.count_lines(text[mark : mark + end]) + 1
    return replace(source, header=_check_header(source.name, fields), start=mark + end, start_line=start_line)


def _remedy(source: Source) -> str:
    named_gzip = source.name.lower().endswith(".gz") and not source.compressed
    return "it is neither a gzip file nor UTF-8 text, copy it again" if named_gzip else "export the file as UTF-8"


def _some_text(source: Source) -> bytes:
    """The beginning of a file, and whole lines from its middle and end."""
    with source.open() as stream:
        head = stream.read(MAX_HEADER_BYTES)
        size = source.path.stat().st_size
        if source.compressed or size <= 2 * MAX_HEADER_BYTES:
            return head + stream.read(MAX_HEADER_BYTES)
        pieces = [head]
        for place in (size // 2, size - PIECE_BYTES):
            stream.seek(place)
            pieces += stream.read(PIECE_BYTES).split(b"\n")[1:-1]
    return b"\n".join(pieces)


def _check_delimiter(name: str, fields: list[str], delimiter: str) -> None:
    others = [other for other in ";\t|,:" if other != delimiter and other in fields[0]]
    if len(fields) == 1 and others:
        shown = "a tab" if others[0] == "\t" else f'"{others[0]}"'
        raise SettingNeeded(
            f'the header of {name} has one column, "{quote(fields[0])}": set data.delimiter, which seems to be {shown}',
            {"data.delimiter": others[0]},
        )
    if all(_is_number(field) for field in fields):
        raise UserError(
            f"{name} has no header line: it begins with {quote(delimiter.join(fields))}; name the columns there"
        )


def _check_header(name: str, fields: Sequence[str]) -> tuple[str, ...]:
    header = tuple(field.strip() or f"column_{position}" for position, field in enumerate(fields, 1))
    damaged = next((field for field in header if "\0" in field), None)
    if damaged is not None:
        raise UserError(f'the header of {name} holds a NUL byte, in "{quote(damaged)}": remove it')
    twice = next((field for position, field in enumerate(header) if field in header[:position]), None)
    if twice is not None:
        raise UserError(f'{name} has two columns named "{quote(twice)}": rename one of them')
    return header


def _check_same_header(first: Source, other: Source) -> None:
    if other.header == first.header:
        return
    lacks = [name for name in first.header if name not in other.header]
    adds = [name for name in other.header if name not in first.header]
    parts = ([f"lacks {', '.join(lacks[:5])}"] if lacks else []) + (
        [f"adds {', '.join(map(quote, adds[:5]))}"] if adds else []
    )
    difference = " and ".join(parts) or "has the same columns in another order"
    raise UserError(
        f"the headers of {first.name} and {other.name} differ: the second {difference}; give all files one header"
    )


def _is_number(text: str) -> bool:
    try:
        float(text)
        return True
    except ValueError:
        return False
