"""Calls own_features.py, in the same way for all rows of preprocess and for the few of a request.

Whatever the source, the functions get plain arrays in which missing is null, and what they return is checked.
"""

from __future__ import annotations

import hashlib
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from failures import HIDDEN, UserError

FILE = "own_features.py"
EXAMPLE = 'such as ("income", "rent")'
TYPES = {"numeric": pa.float64(), "boolean": pa.bool_(), "categorical": pa.string()}
Columns = Mapping[str, pa.Array]


@dataclass(frozen=True)
class OwnColumns:
    """What a model has of own_features.py, apart from the code."""

    inputs: tuple[str, ...] = ()
    kinds: dict[str, str] = field(default_factory=dict)  # of the computed columns, in their order
    fitted: Any = None
    sha256: str = ""  # of the file

    def check_file(self) -> None:
        if self.kinds and self.sha256 != digest():
            raise ValueError(f"{FILE} is not the one that the features were computed with: run preprocess again")

    def compute(self, columns: Columns) -> dict[str, pa.Array]:
        """Of typed raw columns, also such with dictionaries or NaN."""
        if not self.kinds:
            return {}
        rows = {name: plain(columns[name]) for name in self.inputs}
        return _returned(call("compute", rows, self.fitted), len(next(iter(rows.values()))), self.kinds)


NONE = OwnColumns()


@cache
def module() -> ModuleType:
    try:
        import own_features
    except Exception as error:
        raise UserError(f"{FILE} cannot be imported: {_place(error)}") from error
    return own_features


@cache
def digest() -> str:
    return hashlib.sha256(Path(str(module().__file__)).read_bytes()).hexdigest()


def inputs() -> tuple[str, ...]:
    names = getattr(module(), "INPUTS", None)
    if not isinstance(names, tuple | list) or not all(isinstance(name, str) for name in names):
        raise UserError(f"INPUTS of {FILE} is {names!r}: make it the names of columns, {EXAMPLE}")
    if not callable(getattr(module(), "compute", None)):
        raise UserError(f"{FILE} has no function compute(columns, fitted)")
    return tuple(dict.fromkeys(names))


def call(function: str, *arguments: Any) -> Any:
    try:
        return getattr(module(), function)(*arguments)
    except UserError:
        raise
    except Exception as error:
        raise UserError(f"{function} of {FILE} fails: {_place(error)}") from error


def _place(error: Exception) -> str:
    """The error, with the last line of the file that it comes from; it may quote values."""
    text = type(error).__name__ if HIDDEN.get() else f"{type(error).__name__}: {error}"
    if isinstance(error, SyntaxError):
        return f"line {error.lineno}: {text}"
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).name == FILE]
    return f"line {lines[-1]}: {text}" if lines else text


def plain(values: pa.Array | pa.ChunkedArray) -> pa.Array:
    if isinstance(values, pa.ChunkedArray):
        values = values.chunk(0) if values.num_chunks == 1 else values.combine_chunks()
    if pa.types.is_dictionary(values.type):
        return values.dictionary_decode()
    return _finite(values) if pa.types.is_floating(values.type) else values


def kind_of(name: str, values: Any) -> str:
    array = _array(name, values)
    if pa.types.is_boolean(array.type):
        return "boolean"
    if pa.types.is_integer(array.type) or pa.types.is_floating(array.type) or pa.types.is_decimal(array.type):
        return "numeric"
    if pa.types.is_string(array.type) or pa.types.is_large_string(array.type):
        return "categorical"
    raise UserError(f'{FILE} returns "{name}" as {array.type}: return numbers, booleans or texts')


def _returned(result: Any, rows: int, kinds: Mapping[str, str]) -> dict[str, pa.Array]:
    if not isinstance(result, dict) or list(result) != list(kinds):
        names = list(result) if isinstance(result, dict) else type(result).__name__
        raise UserError(f"{FILE} returns {names} instead of {list(kinds)}: return the same columns for all rows")
    columns = {}
    for name, values in result.items():
        array = _array(name, values)
        if len(array) != rows:
            raise UserError(f'{FILE} returns {len(array)} values of "{name}" for {rows} rows: return one for each')
        columns[name] = _cast(name, array, kinds[name])
    return columns


def _array(name: str, values: Any) -> pa.Array:
    if isinstance(values, np.ndarray):
        values = pa.array(values, from_pandas=True)
    if not isinstance(values, pa.Array | pa.ChunkedArray):
        raise UserError(f'{FILE} returns "{name}" as {type(values).__name__}: return an Arrow array')
    return plain(values)


def _cast(name: str, array: pa.Array, kind: str) -> pa.Array:
    if array.type == TYPES[kind]:
        return array
    if not pa.types.is_null(array.type) and kind_of(name, array) != kind:
        raise UserError(f'{FILE} returns "{name}" as {array.type} and elsewhere as {kind}: return one type')
    return plain(array.cast(TYPES[kind], safe=False))


def _finite(values: pa.Array) -> pa.Array:
    """Infinite numbers and NaN become null."""
    finite = pc.is_finite(values)
    return values if pc.all(finite, min_count=0).as_py() else pc.if_else(finite, values, pa.scalar(None, values.type))
