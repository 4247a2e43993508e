"""The fitted features: written by preprocess, read by training, applied to raw rows by serving.

The file ``features.json`` is readable by people. ``Features.encode`` turns typed columns into the float32 matrix for
algorithms; preprocess and serving both call it, so they cannot differ.

- numeric and boolean columns become float32 (through float64, whatever the source), missing becomes NaN;
- a date or time becomes several numbers (see dates.py), each a column of its own;
- columns that own_features.py computes are as any others;
- categorical columns become level numbers: 0 for rare and unseen levels, 1 for the first level.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from cells import Cells, missing_texts
from dates import TIME, DatePart
from number_format import PLAIN, NumberFormat
from own_columns import NONE, OwnColumns
from private_data import Protection

FORMAT = 1
OTHER = 0  # the level number of rare and unseen levels
ARROW_TYPES = {"numeric": pa.float64(), "boolean": pa.bool_(), "categorical": pa.string(), "time": TIME}
Matrix = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Column:
    name: str
    kind: str  # numeric, boolean or categorical
    levels: tuple[str, ...] = ()  # of a boolean column in words: those for false and true
    number: NumberFormat = PLAIN  # how a numeric column is written
    private: str = ""  # of a categorical column: hash or mask
    date: DatePart | None = None  # which a numeric column is computed from
    own: bool = False  # own_features.py computes it

    @property
    def words(self) -> tuple[str, ...]:
        return self.levels if self.kind == "boolean" else ()

    @property
    def protection(self) -> Protection | None:
        return Protection(self.private, self.name) if self.private else None

    @cached_property
    def level_set(self) -> pa.Array:
        return pa.array(self.levels, pa.string())


@dataclass(frozen=True)
class Input:
    """A column that the model itself does not see, but from which others are computed."""

    name: str
    kind: str  # numeric, boolean, categorical or time
    words: tuple[str, ...] = ()
    number: NumberFormat = PLAIN
    private: str = ""
    date_order: str = ""

    @classmethod
    def of(cls, name: str, cells: Cells, private: str) -> Input:
        return cls(name, cells.kind, cells.words, cells.number, private, cells.date_order)

    def cells(self, missing: tuple[str, ...]) -> Cells:
        protection = Protection(self.private, self.name) if self.private else None
        return Cells(self.kind, missing, self.number, self.words, protection, self.date_order)


@dataclass(frozen=True)
class RawColumn:
    """A column as clients send it."""

    name: str
    cells: Cells
    levels: tuple[str, ...] = ()


@dataclass(frozen=True)
class Target:
    name: str
    classes: tuple[str, ...] = ()  # binary: (negative, positive); regression: ()
    numeric_classes: bool = False  # labels are written without quotes in JSON


@dataclass(frozen=True)
class Features:
    problem: str  # binary, multiclass or regression
    target: Target
    columns: tuple[Column, ...]
    missing: tuple[str, ...]  # texts that mean "no value"
    delimiter: str = ","
    details: dict[str, Any] = field(default_factory=dict)  # for people: split, row counts, what each column is taken as
    missing_among_numbers: tuple[str, ...] = ()  # mean "no value" in columns of numbers or booleans, beside those
    own: OwnColumns = NONE
    inputs: tuple[Input, ...] = ()
    weight: str = ""  # the column of how much a row counts, in the encoded data

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]

    @property
    def kinds(self) -> dict[str, str]:
        return {column.name: column.kind for column in self.columns}

    @cached_property
    def cells(self) -> dict[str, Cells]:
        """Of the columns that clients send: those of the model, and those that some of them are computed from."""
        missing = {kind: missing_texts(kind, self.missing, self.missing_among_numbers) for kind in ARROW_TYPES}
        cells = {}
        for one in self.columns:
            if one.date:
                cells[one.date.column] = Cells("time", missing["time"], date_order=one.date.order)
            elif not one.own:
                cells[one.name] = Cells(one.kind, missing[one.kind], one.number, one.words, one.protection)
        return cells | {one.name: one.cells(missing[one.kind]) for one in self.inputs}

    @cached_property
    def raw(self) -> list[RawColumn]:
        levels = {column.name: column.levels for column in self.columns}
        return [RawColumn(name, cells, levels.get(name, ())) for name, cells in self.cells.items()]

    @cached_property
    def raw_names(self) -> list[str]:
        return list(self.cells)

    def derive(self, table: pa.Table) -> pa.Table:
        """The columns that clients send, typed (see ARROW_TYPES), to those of the model."""
        if not any(column.date or column.own for column in self.columns):
            return table
        own = self.own.compute({name: table.column(name) for name in self.own.inputs})
        return pa.table({one.name: _derived(one, table, own) for one in self.columns})

    @property
    def types(self) -> list[str]:
        """XGBoost's feature types."""
        return ["c" if column.kind == "categorical" else "q" for column in self.columns]

    @property
    def labels(self) -> list[Any]:
        """The classes as they appear in a response: numbers where the data had numbers."""
        if not self.target.numeric_classes:
            return list(self.target.classes)
        return [json.loads(text) if _is_json_number(text) else float(text) for text in self.target.classes]

    def encode(self, table: pa.Table | pa.RecordBatch) -> Matrix:
        """The model's columns, typed (see ARROW_TYPES), in any order, to the matrix in this object's column order."""
        matrix = np.empty((table.num_rows, len(self.columns)), dtype=np.float32)
        for position, column in enumerate(self.columns):
            matrix[:, position] = encode_column(column, table.column(column.name))
        return matrix

    def write(self, path: Path) -> None:
        """Readable: one line for each column and each of the details."""
        parts = {"format": FORMAT, **asdict(self)}
        for column in parts["columns"]:
            if NumberFormat(**column["number"]) == PLAIN:
                del column["number"]
            if not column["private"]:
                del column["private"]
            for name in ("date", "own"):
                if not column[name]:
                    del column[name]
        for name in ("own", "inputs", "weight"):
            if getattr(self, name) in (NONE, (), ""):
                del parts[name]
        lines = [
            f"  {_json(name)}: {_multiline(value) if name in ('columns', 'details', 'own') else _json(value)}"
            for name, value in parts.items()
        ]
        path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Features:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content.pop("format", None) != FORMAT:
            raise ValueError(f"{path.name} is not of format {FORMAT}: it was written by another version of preprocess")
        target = content.pop("target")
        return cls(
            target=Target(target["name"], tuple(target["classes"]), target["numeric_classes"]),
            columns=tuple(map(_column, content.pop("columns"))),
            missing=tuple(content.pop("missing")),
            missing_among_numbers=tuple(content.pop("missing_among_numbers", ())),
            own=_own(content.pop("own", {})),
            inputs=tuple(map(_input, content.pop("inputs", ()))),
            **content,
        )


def _derived(one: Column, table: pa.Table, own: dict[str, pa.Array]) -> pa.Array | pa.ChunkedArray:
    if one.date:
        return one.date.compute({name: table.column(name) for name in one.date.columns})
    return own[one.name] if one.own else table.column(one.name)


def _column(content: dict[str, Any]) -> Column:
    date = DatePart(**content["date"]) if content.get("date") else None
    written = _number_format(content.get("number", {}))
    private, own = content.get("private", ""), content.get("own", False)
    return Column(content["name"], content["kind"], tuple(content["levels"]), written, private, date, own)


def _number_format(content: dict[str, Any]) -> NumberFormat:
    return NumberFormat(**content | {"units": tuple(content["units"])}) if content else PLAIN


def _input(content: dict[str, Any]) -> Input:
    return Input(**content | {"words": tuple(content["words"]), "number": _number_format(content["number"])})


def _own(content: dict[str, Any]) -> OwnColumns:
    return OwnColumns(**content | {"inputs": tuple(content["inputs"])}) if content else NONE


def encode_column(column: Column, values: pa.Array | pa.ChunkedArray) -> Matrix:
    """With few Arrow calls, as serving encodes single rows."""
    array = one_array(values)
    if column.kind != "categorical":
        return _floats(array)
    found = pc.fill_null(pc.index_in(array, value_set=column.level_set), -1).to_numpy(zero_copy_only=False)
    codes: Matrix = found.astype(np.float32) + 1  # not found: OTHER
    if array.null_count:
        codes[array.is_null().to_numpy(zero_copy_only=False)] = np.nan
    return codes


def one_array(values: pa.Array | pa.ChunkedArray) -> pa.Array:
    if not isinstance(values, pa.ChunkedArray):
        return values
    return values.chunk(0) if values.num_chunks == 1 else values.combine_chunks()


def _floats(values: pa.Array) -> Matrix:
    if pa.types.is_boolean(values.type):
        values = values.cast(pa.int8())
    if values.type != pa.float64():
        values = values.cast(pa.float64())
    with np.errstate(over="ignore"):  # a value beyond float32 becomes inf; callers refuse what is not finite
        floats: Matrix = values.to_numpy(zero_copy_only=False).astype(np.float32)  # null becomes NaN
    return floats


def _is_json_number(text: str) -> bool:
    try:
        return isinstance(json.loads(text), int | float)
    except ValueError:
        return False


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _multiline(value: list[Any] | tuple[Any, ...] | dict[str, Any]) -> str:
    """One line for each item."""
    if isinstance(value, dict):
        items, opening, closing = [f"{_json(name)}: {_json(item)}" for name, item in value.items()], "{", "}"
    else:
        items, opening, closing = [_json(item) for item in value], "[", "]"
    return f"{opening}\n    " + ",\n    ".join(items) + f"\n  {closing}" if items else opening + closing
