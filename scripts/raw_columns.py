"""Raw rows to typed columns: the parser of preprocess and of serving, so that they cannot differ.

``parse_csv`` is fast and fails if any row is wrong. For such a block ``salvage_csv`` finds what is wrong with each row
and keeps the others; it uses the same conversions, so both accept the same rows.

A cell is a number as in 5, -0.5, 1e3 (NaN counts as missing) or in the column's own format, true/false in three
spellings, a date or time (see dates.py), or any text in UTF-8.
Empty texts and the column's missing ones are no values. Blank lines are skipped.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

import dates
from cells import Cells
from csv_rows import Places, Positions, Rows, has_stray, split_rows
from features import ARROW_TYPES, one_array
from number_format import PLAIN, normalize

NOT_UTF8 = "is not UTF-8 text"
TRUE, FALSE = ("true", "True", "TRUE"), ("false", "False", "FALSE")
NUMBER = r"^[ \t]*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?[ \t]*$"


@dataclass(frozen=True)
class BadRow:
    row: int  # number in the block from 0, without blank lines
    line: int  # the block's line it begins on, from 1
    reason: str
    text: str  # the raw row
    column: str | None = None  # None if the whole row is wrong
    value: str | None = None

    @property
    def sentence(self) -> str:
        if self.column is None:
            return self.reason
        value = self.value if self.value is None or len(self.value) <= 40 else f"{self.value[:40]}..."
        return f'column "{self.column}" holds "{value}", which {self.reason}'


def parse_csv(block: bytes, names: Sequence[str], cells: Mapping[str, Cells], delimiter: str) -> pa.Table:
    """Rows without a header line to a table of the columns in ``cells``; raises pa.ArrowInvalid if any row is wrong."""
    _check_utf8(block)
    if has_stray(block, delimiter):
        raise pa.ArrowInvalid("a quote is opened and not closed")
    try:
        return _read_typed(block, names, cells, delimiter)
    except pa.ArrowInvalid:
        return _read_converted(block, names, cells, delimiter)


def salvage_csv(
    block: bytes, names: Sequence[str], cells: Mapping[str, Cells], delimiter: str
) -> tuple[pa.Table, Positions, list[BadRow]]:
    """The valid rows of a block, their row numbers, and what is wrong with each of the others."""
    rows = split_rows(block, delimiter, len(names))
    bad: dict[int, tuple[str, str | None, str | None]] = {}
    bad |= dict.fromkeys(np.flatnonzero(rows.stray).tolist(), ("opens a quote that it does not close", None, None))
    bad |= dict.fromkeys(_undecodable(rows), (NOT_UTF8, None, None))
    readable = np.setdiff1d(np.arange(len(rows.starts)), list(bad))
    clean = block if not bad else b"".join(block[rows.starts[row] : rows.ends[row]] for row in readable)
    bad_widths: list[tuple[int, int]] = []

    def note(invalid_row: csv.InvalidRow) -> str:
        bad_widths.append((invalid_row.number - 1, invalid_row.actual_columns))
        return "skip"

    texts = read_texts(clean, names, list(cells), delimiter, note)
    bad |= {int(readable[at]): (f"has {n} fields instead of {len(names)}", None, None) for at, n in bad_widths}
    readable = np.delete(readable, [at for at, _ in bad_widths])
    columns = {}
    for name, one in cells.items():
        columns[name], wrong = from_text(one_array(texts[name]), one)
        for at in np.flatnonzero(wrong).tolist():
            bad.setdefault(int(readable[at]), (one.refusal, name, texts[name][at].as_py()))
    kept = ~np.isin(readable, list(bad))
    found = [
        BadRow(row, rows.line(row), why, rows.text(row), column, value) for row, (why, column, value) in bad.items()
    ]
    return pa.table(columns).filter(pa.array(kept)), readable[kept], sorted(found, key=lambda one: one.row)


def read_texts(
    block: bytes,
    names: Sequence[str],
    columns: Sequence[str],
    delimiter: str,
    on_invalid_row: Callable[[csv.InvalidRow], str] = lambda _: "skip",
) -> pa.Table:
    """The raw cells (empty ones are null), without rows that have another number of fields."""
    return _read(block, names, dict.fromkeys(columns, pa.string()), (), delimiter, on_invalid_row)


def first_bad_cell(block: bytes, names: Sequence[str], cells: Mapping[str, Cells], delimiter: str) -> BadRow | None:
    """The first wrong row of a block that ``parse_csv`` refused."""
    return next(iter(salvage_csv(block, names, cells, delimiter)[2]), None)


def from_text(values: pa.Array, cells: Cells) -> tuple[pa.Array, Places]:
    """Texts to a kind's type (null where impossible), and where it is impossible."""
    values = without(values, cells.missing)
    if cells.kind == "categorical":
        return cells.protect(values), np.zeros(len(values), bool)
    if cells.kind == "boolean":
        return _booleans(values, cells)
    if cells.kind == "time":
        return dates.parse(values, cells.date_order)
    return _numbers(values, cells)


def from_arrow(values: pa.Array | pa.ChunkedArray, cells: Cells) -> tuple[pa.Array, Places]:
    """A typed column (Parquet) to a kind's type, and where that is impossible."""
    array = one_array(values)
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if pa.types.is_null(array.type):
        return array.cast(ARROW_TYPES[cells.kind]), np.zeros(len(array), bool)
    if is_text(array.type):
        return from_text(array.cast(pa.string()), cells)
    if cells.kind == "categorical":
        return cells.protect(_as_levels(array, cells)), np.zeros(len(array), bool)
    if cells.kind == "boolean":
        return from_text(_as_levels(array, cells), cells)
    if cells.kind == "time":
        return dates.of_arrow(array)
    if pa.types.is_boolean(array.type):
        array = array.cast(pa.int8())
    return _without_missing(array.cast(pa.float64(), safe=False), cells.missing), np.zeros(len(array), bool)


def is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def without(texts: pa.Array, missing: tuple[str, ...]) -> pa.Array:
    """The texts, null where they are empty or missing."""
    return pc.if_else(pc.is_in(texts, _text_set(missing)), pa.scalar(None, pa.string()), texts)


def _without_missing(numbers: pa.Array, missing: tuple[str, ...]) -> pa.Array:
    """Numeric texts that mean "no value", such as -999, also count in typed columns."""
    markers = _number_set(missing)
    if not len(markers):
        return numbers
    return pc.if_else(pc.is_in(numbers, markers), pa.scalar(None, pa.float64()), numbers)


def level_text(value: object) -> str | None:
    """A typed value as the text of a category: true, 3 (also for 3.0), 3.5; NaN is no value."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return PLAIN.text(value) if value == value else None
    return str(value)


def _read(
    block: bytes,
    names: Sequence[str],
    types: dict[str, pa.DataType],
    missing: Sequence[str],
    delimiter: str,
    on_invalid_row: Callable[[csv.InvalidRow], str] | None = None,
) -> pa.Table:
    if not block or (block.isspace() and not block.strip(b"\r\n")):
        return pa.table({name: pa.array([], kind) for name, kind in types.items()})
    return csv.read_csv(
        pa.BufferReader(block),
        csv.ReadOptions(use_threads=False, column_names=list(names), block_size=2**31 - 1),
        csv.ParseOptions(delimiter=delimiter, newlines_in_values=b'"' in block, invalid_row_handler=on_invalid_row),
        csv.ConvertOptions(
            check_utf8=False,
            column_types=types,
            include_columns=list(types),
            null_values=["", *missing],
            true_values=TRUE,
            false_values=FALSE,
            strings_can_be_null=True,
        ),
    )


def _read_converted(block: bytes, names: Sequence[str], cells: Mapping[str, Cells], delimiter: str) -> pa.Table:
    """Slower, by the conversions of ``salvage_csv``: they know more ways to write a cell than Arrow's parser."""
    texts = _read(block, names, dict.fromkeys(cells, pa.string()), (), delimiter)
    return pa.table({name: _converted(one_array(texts[name]), one) for name, one in cells.items()})


@lru_cache
def _in_all(lists: frozenset[tuple[str, ...]]) -> tuple[str, ...]:
    first, *others = lists
    return tuple(text for text in first if all(text in texts for texts in others))


@lru_cache
def _text_set(missing: tuple[str, ...]) -> pa.Array:
    return pa.array(["", *missing], pa.string())


@lru_cache
def _number_set(missing: tuple[str, ...]) -> pa.Array:
    return pa.array([float(text) for text in missing if re.match(NUMBER, text)], pa.float64())


def _converted(texts: pa.Array, cells: Cells) -> pa.Array:
    values, wrong = from_text(texts, cells)
    if wrong.any():
        raise pa.ArrowInvalid("a cell cannot be converted")
    return values


def _read_typed(block: bytes, names: Sequence[str], cells: Mapping[str, Cells], delimiter: str) -> pa.Table:
    """By Arrow's parser; it takes one list of missing texts, so those that are missing in every column."""
    types = {name: ARROW_TYPES[one.kind] if one.plain else pa.string() for name, one in cells.items()}
    everywhere = _in_all(frozenset(one.missing for one in cells.values()))
    table = _read(block, names, types, everywhere, delimiter)
    for position, (name, one) in enumerate(cells.items()):
        if types[name] == pa.string() and not (one.plain and len(one.missing) == len(everywhere)):
            table = table.set_column(position, name, _converted(one_array(table[name]), one))
    return table


def _check_utf8(block: bytes) -> None:
    offsets = pa.py_buffer(np.array([0, len(block)], np.int64))
    pa.LargeStringArray.from_buffers(1, offsets, pa.py_buffer(block)).validate(full=True)


def _undecodable(rows: Rows) -> list[int]:
    try:
        _check_utf8(rows.block)
        return []
    except pa.ArrowInvalid:
        return [row for row in range(len(rows.starts)) if "\ufffd" in rows.text(row) and not _decodes(rows, row)]


def _decodes(rows: Rows, row: int) -> bool:
    try:
        rows.block[rows.starts[row] : rows.ends[row]].decode()
        return True
    except UnicodeDecodeError:
        return False


def _booleans(values: pa.Array, cells: Cells) -> tuple[pa.Array, Places]:
    """A word in any case, or true and false as ever."""
    false, true = (pc.is_in(values, pa.array(spellings)) for spellings in (FALSE, TRUE))
    if cells.words:
        values = without(pc.utf8_trim_whitespace(values), cells.missing)
        lower = pc.utf8_lower(values)
        found = (pc.fill_null(pc.equal(lower, word.lower()), False) for word in cells.words)
        false, true = (pc.or_(one, other) for one, other in zip((false, true), found, strict=True))
    known = pc.or_(false, true)
    truths = pc.if_else(known, true, pa.scalar(None, pa.bool_()))
    return truths, np.asarray(pc.and_(pc.is_valid(values), pc.invert(known)))


def _numbers(values: pa.Array, cells: Cells) -> tuple[pa.Array, Places]:
    """Plain numbers by Arrow's cast; others, also with typesetters' signs or in parentheses, by the column's format."""
    trimmed = pc.ascii_trim(values, " \t")
    others = _not_numbers(trimmed) if cells.number == PLAIN else np.ones(len(values), bool)
    if not others.any():
        return trimmed.cast(pa.float64()), others
    texts = without(normalize(values.filter(pa.array(others))), cells.missing)
    parsed = cells.number.parse(texts)
    wrong = np.zeros(len(values), bool)
    wrong[others] = pc.and_(texts.is_valid(), parsed.is_null()).to_numpy(zero_copy_only=False)
    if others.all():
        return parsed, wrong
    plain = pc.if_else(pa.array(others), pa.scalar(None, pa.string()), trimmed).cast(pa.float64())
    return pc.replace_with_mask(plain, pa.array(others), parsed), wrong


def _not_numbers(texts: pa.Array) -> Places:
    """Almost every cell is a plain number; of the others each distinct text is tried once."""
    doubtful = texts.filter(pc.invert(pc.match_substring_regex(texts, NUMBER)))
    wrong = [text for text in doubtful.unique().to_pylist() if text is not None and not _converts(text)]
    return np.asarray(pc.is_in(texts, pa.array(wrong, pa.string()))) if wrong else np.zeros(len(texts), bool)


def _converts(text: str) -> bool:
    try:
        pa.scalar(text).cast(pa.float64())
        return True
    except pa.ArrowInvalid:
        return False


def _as_levels(values: pa.Array, cells: Cells) -> pa.Array:
    if pa.types.is_float16(values.type) or pa.types.is_float32(values.type):
        values = values.cast(pa.string())  # the shortest text: 0.1, as in a JSON request
    if pa.types.is_decimal(values.type) or pa.types.is_string(values.type):
        values = values.cast(pa.float64(), safe=False)
    coded = values.dictionary_encode()
    texts = pa.array([level_text(value) for value in coded.dictionary.to_pylist()], pa.string())
    return without(texts.take(coded.indices), cells.missing)
