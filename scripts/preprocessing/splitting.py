"""Assigns each row to a side by a hash of its own values, so that no row moves when data is added.

Every cell of the key columns has a hash that depends only on its meaning: 5, 5.0 and the text "5" are the same number;
true and True are the same text; all missing values are one constant. That holds for CSV and Parquet, any order of rows
or columns, and any inferred kind. Rows with equal keys share a side.

    cell   = the bits of the float64, or: mix(cell xor word) for every 8 bytes of a text, beginning with mix(~length);
             of a text of more than 4096 bytes its BLAKE2b hash, as the words of one text cannot be mixed in parallel
    row    = mix(sum over the key columns of mix(cell xor salt of the column's name))
    side   = row / 2^64 below the test fraction: test; below test + validation: validation; else train

``mix`` is splitmix64's. Any change moves rows between sides for every user: a test pins the result.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from raw_columns import NUMBER

Hashes = npt.NDArray[np.uint64]
SIDES = ("train", "validation", "test")
LONG_TEXT = 4096  # bytes
MISSING = np.uint64(0x6D697373696E6721)


@dataclass(frozen=True)
class Split:
    key: tuple[str, ...]
    validation_fraction: float
    test_fraction: float

    def sides(self, columns: dict[str, pa.Array]) -> npt.NDArray[np.int8]:
        """The position in SIDES of every row, from its key columns as numbers, booleans or texts."""
        return self.sides_of(row_hashes({name: columns[name] for name in self.key}))

    def describe(self, key: Sequence[str]) -> dict[str, object]:
        """``key``: as in the settings."""
        return {"key": key or "all columns but the target"}

    def sides_of(self, rows: Hashes) -> npt.NDArray[np.int8]:
        place = (rows >> np.uint64(11)).astype(np.float64) / 2.0**53
        sides = np.zeros(len(rows), np.int8)
        sides[place < self.test_fraction + self.validation_fraction] = SIDES.index("validation")
        sides[place < self.test_fraction] = SIDES.index("test")
        return sides


def row_hashes(columns: dict[str, pa.Array]) -> Hashes:
    total = np.zeros(len(next(iter(columns.values()))), np.uint64)
    for name, values in columns.items():
        total += mix(cell_hashes(values) ^ _salt(name))
    return mix(total)


def cell_hashes(values: pa.Array) -> Hashes:
    if pa.types.is_dictionary(values.type):
        levels = np.append(_text_hashes(values.dictionary), MISSING)
        hashes: Hashes = levels[pc.fill_null(values.indices, len(levels) - 1).to_numpy(zero_copy_only=False)]
        return hashes
    if pa.types.is_boolean(values.type):
        return cell_hashes(pc.if_else(values, "true", "false").dictionary_encode())
    if pa.types.is_floating(values.type):
        filled = pc.fill_null(values, np.nan) if values.null_count else values
        return _number_hashes(filled.to_numpy())
    return _text_hashes(values)


def mix(numbers: Hashes) -> Hashes:
    mixed = numbers + np.uint64(0x9E3779B97F4A7C15)
    mixed ^= mixed >> np.uint64(30)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(27)
    mixed *= np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return mixed


def _salt(name: str) -> np.uint64:
    return _digest(name.encode())


def _digest(text: bytes) -> np.uint64:
    return np.uint64(int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little"))


def _number_hashes(numbers: npt.NDArray[np.float64]) -> Hashes:
    hashes = (numbers + 0.0).view(np.uint64)  # + 0.0 makes -0.0 the same number as 0.0
    hashes[np.isnan(numbers)] = MISSING
    return hashes


def _text_hashes(texts: pa.Array) -> Hashes:
    texts = _normalize(texts.cast(pa.string()))
    hashes = _byte_hashes(texts)
    hashes[texts.is_null().to_numpy(zero_copy_only=False)] = MISSING
    numeric = np.flatnonzero(_may_be_number(texts))
    if len(numeric):
        candidates = texts.take(pa.array(numeric))
        matches = pc.match_substring_regex(candidates, NUMBER).to_numpy(zero_copy_only=False)
        numbers = pc.ascii_trim(candidates.filter(pa.array(matches)), " \t").cast(pa.float64())
        hashes[numeric[matches]] = _number_hashes(numbers.to_numpy(zero_copy_only=False))
    return hashes


def _normalize(texts: pa.Array) -> pa.Array:
    """One spelling for true, false and NaN; cheap, as few texts are that short."""
    short = pc.less_equal(pc.binary_length(texts), 5)
    if not pc.any(short, min_count=0).as_py():
        return texts
    for spellings, one in ((("True", "TRUE"), "true"), (("False", "FALSE"), "false"), (("nan", "NaN"), None)):
        found = pc.is_in(texts, pa.array(spellings))
        if pc.any(found, min_count=0).as_py():
            texts = pc.if_else(found, pa.scalar(one, pa.string()), texts)
    return texts


def _byte_hashes(texts: pa.Array) -> Hashes:
    """A multiply-xor hash of each text, 8 bytes at a time, all texts in parallel."""
    starts, lengths, data = _buffers(texts)
    words: Hashes = np.ndarray((len(data) - 7,), "<u8", data, strides=(1,))  # the 8 bytes from every position
    hashes = mix(~lengths.astype(np.uint64))
    for long in np.flatnonzero(lengths > LONG_TEXT):
        text = data[starts[long] : starts[long] + lengths[long]]
        hashes[long] = _digest(text.tobytes())
    active = np.flatnonzero((lengths > 0) & (lengths <= LONG_TEXT))
    offset = 0
    while len(active):
        word = words[starts[active] + offset]
        left = lengths[active] - offset
        beyond = (np.maximum(8 - left, 0) * 8).astype(np.uint64)
        word = (word << beyond) >> beyond  # bytes after the text's end do not count
        hashes[active] = mix(hashes[active] ^ word)
        active = active[left > 8]
        offset += 8
    return hashes


def _may_be_number(texts: pa.Array) -> npt.NDArray[np.bool_]:
    starts, lengths, data = _buffers(texts)
    first = data[starts]
    return np.asarray((lengths > 0) & np.isin(first, np.frombuffer(b"0123456789+-. \t", np.uint8)))


def _buffers(texts: pa.Array) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.uint8]]:
    """Start, length and the bytes themselves (with 8 spare ones at the end); a missing text has length 0."""
    _, offset_buffer, data_buffer = texts.buffers()
    if not len(texts):
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(8, np.uint8)
    offsets = np.frombuffer(offset_buffer, np.int32)[texts.offset : texts.offset + len(texts) + 1].astype(np.int64)
    low, high = offsets[0], offsets[-1]
    data = np.zeros(high - low + 8, np.uint8)
    if high > low:
        data[:-8] = np.frombuffer(data_buffer, np.uint8)[low:high]
    lengths = np.diff(offsets)
    lengths[texts.is_null().to_numpy(zero_copy_only=False)] = 0
    return offsets[:-1] - low, lengths, data
